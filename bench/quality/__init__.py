"""Quality, side by side: what ensembles on tables, and what people would use instead, answer of rows held out.

The same splits for everyone; errors with intervals that allow for the overlap of the splits, probabilities judged too.

sets measures ours peers_sklearn peers_pytabkit contenders record summary promises figures plan document words run
"""

"""Studies: claims tested over seeds, from a TOML file to verdicts, figures and a page.

metrics model toml_source parse_arms parse_nuisance parse_claims parse_evidence parse runs contrasts verdicts effects
command specifications best_rates cells multiverse cell_document panels findings agreement replication_words
replications document figures study
"""

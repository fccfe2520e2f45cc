"""What is true of runs: intervals, comparisons, summaries. Runs are always the first axis.

intervals comparisons summary curves
"""

"""What is true of runs: intervals, comparisons, summaries. Runs are always the first axis.

intervals comparisons summary curves scores calibration resampled margins levels strata prediction_intervals
importance
"""

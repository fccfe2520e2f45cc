"""What is true of runs: intervals, comparisons, summaries. Runs are always the first axis.

intervals margins levels spending comparisons summary curves scores calibration resampled prediction_intervals
importance
"""

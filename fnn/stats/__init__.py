"""What is true of runs: intervals, comparisons, summaries. Runs are always the first axis.

intervals predictive comparisons margins levels spending summary curves scores calibration resampled strata
prediction_intervals temperature importance channels hardest
"""

"""Ensembles: networks that learnt one table, kept in a file with all that it takes to ask them about new rows.

presets problem splits archive answers model plain document model_file columns writers predict evaluation
importance calibration fit saving
"""

"""Sweeps: settings × seeds trained into one SQLite file, and read from it.

grid plan schema tables migrations connect write conditions query run summaries choice export
"""

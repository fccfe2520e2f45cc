"""Sweeps: settings × seeds trained into one SQLite file, and read from it.

grid plan schema tables migrations connect conditions query chunks write run summaries choice export
"""

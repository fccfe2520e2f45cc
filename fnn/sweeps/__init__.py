"""Sweeps: settings × seeds trained into one SQLite file, and read from it.

grid plan schema migrations connect write conditions query run summaries export
"""

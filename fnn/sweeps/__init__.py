"""Sweeps: settings × seeds trained into one SQLite file, and read from it.

grid store run summaries export
"""

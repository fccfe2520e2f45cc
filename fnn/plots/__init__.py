"""Figures: functions that take arrays and an `ax`, draw, and return the `ax`; they compute no statistics.

palette style labels lines classification regression decision_map run sweep_groups sweep table
"""

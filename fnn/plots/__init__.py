"""Figures: functions that take arrays and an `ax`, draw, and return the `ax`; they compute no statistics.

style run sweep study table_study labels classification regression decision_map table
"""

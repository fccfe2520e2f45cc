"""Figures: functions that take arrays and an `ax`, draw, and return the `ax`; they compute no statistics.

style run sweep study labels table_study classification regression decision_map table
"""

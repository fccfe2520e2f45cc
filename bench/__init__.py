"""Contenders on the same work: agreement first, then time."""

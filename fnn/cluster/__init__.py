"""Clusters: work that is cut into items, done in this process or by the workers of a Dask cluster.

Dask schedules, moves data and repeats what is lost. Here is what it leaves open: which workers may take part, how much
is under way at a time, and what becomes of what fails.

work sizes identity remote items members tasks dask connect
"""

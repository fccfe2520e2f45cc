"""Training: settings and samples in, trained networks and what became of them out.

memory networks_in_lanes samples_in_lanes train model
"""

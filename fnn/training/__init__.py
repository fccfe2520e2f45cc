"""Training: settings and samples in, trained networks and what became of them out.

There is one module for each way to train a stack: the lab's (`numpy_path`), and the ways to fill the kernel's lanes.

progress outcome results memory snapshots grouping recorder numpy_path layout powers blocks networks_in_lanes
units_in_lanes samples_in_lanes choice lanes predicting work train
"""

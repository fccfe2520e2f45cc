"""The lab compiled: the same arithmetic as `fnn.network`, under the same names, in lane values.

A lane value is the same number of many networks (or of many samples), side by side in one SIMD register; `simd` says
what can be done with one. Then come the parts in the order of the lab, and at the end what trains.

compiler jit lane_types simd simd_math arrays tiles atomics arguments elementary products units_products activations
layers units_layers losses chunks optimizers rng records epoch samples_epoch units_epoch
"""

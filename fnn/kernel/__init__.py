"""The lab compiled: the same arithmetic as `fnn.network`, under the same names, in lane values.

A lane value is the same number of many networks (or of many units, or samples), side by side in one SIMD register;
`simd` says what can be done with one. Then come the parts in the order of the lab, and at the end what trains: `epoch`
with networks in the lanes, `units_epoch` with the units of one, to the same bits, `samples_epoch` with its samples.

compiler jit lane_types simd simd_math arrays emitter plain tile_code tiles atomics arguments elementary products
units_products activations windows layers units_windows units_layers predicting losses chunks clipping optimizers rng
records epoch samples_epoch units_epoch
"""

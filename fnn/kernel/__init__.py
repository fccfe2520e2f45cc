"""The lab compiled: the same arithmetic in lane values, one SIMD lane a network.

jit simd epoch
"""

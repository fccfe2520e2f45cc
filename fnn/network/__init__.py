"""The lab in NumPy: what a network is made of, and the pure functions that train it.

activations labels losses scores optimizers schedules initializers windows layers sizes hidden functions images
"""

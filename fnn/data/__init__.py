"""What networks are trained on.

columns words blocks dialect digits csv_reader arrays arrow npy npz reading targets features encoding scaling synthetic
packaged samples stratification split
"""

from fnn.data.synthetic import DATA, SEED, Array, Data, circles, linear, make, moons, spiral, xor, xor4

__all__ = ["DATA", "SEED", "Array", "Data", "circles", "linear", "make", "moons", "spiral", "xor", "xor4"]

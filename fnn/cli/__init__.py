"""The command line: each command parses, calls one function of the library and shows what it gives.

It holds no mathematics. Matplotlib, Rich's progress and whatever else is slow to import is imported where it is used,
so that help is instant. `fnn.bench`, which is not part of every installation, is imported where it is asked for.

encoding messages options terminal columns table describe train play predict sweep export study bench main
"""

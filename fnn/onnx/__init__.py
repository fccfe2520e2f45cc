"""ONNX: a model as a graph that ONNX Runtime and others answer by, where there is no `fnn`.

The graph holds all that `fnn predict` does to a row: encoding, scaling, all networks as one product a layer, their mean
and spread, labels, probabilities and intervals. `onnx` itself is the extra `onnx`.

graph inputs activations layers answers export
"""

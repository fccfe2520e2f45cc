"""`fnn bench`: what people would use instead, on the same work; agreement first, then time.

Reading order, which is import order (a module imports only from those before it, and from the rest of `fnn`):

samples peak work contenders peers_jax peers_torch peers_images peers_sklearn fann timing run processes reading
accuracy search layouts local_cluster drawn cluster targets tables figures suite sweep
"""

"""What each entry of a registry is in PyTorch: the outside oracle. A new entry is added here."""

import math

ACTIVATIONS = {
    "sigmoid": lambda t: t.sigmoid,
    "tanh": lambda t: t.tanh,
    "relu": lambda t: t.relu,
    "leaky-relu": lambda t: lambda z: t.nn.functional.leaky_relu(z, 0.01),
    "identity": lambda t: lambda z: z,
    "elu": lambda t: t.nn.functional.elu,
    "selu": lambda t: t.selu,
    "gelu": lambda t: t.nn.functional.gelu,
    "mish": lambda t: t.nn.functional.mish,
}
OPTIMIZERS = {
    "sgd": lambda o, w, c: o.SGD(w, c.lr),
    "momentum": lambda o, w, c: o.SGD(w, c.lr, momentum=c.momentum),
    "nesterov": lambda o, w, c: o.SGD(w, c.lr, momentum=c.momentum, nesterov=True),
    "adagrad": lambda o, w, c: o.Adagrad(w, c.lr, eps=c.epsilon),
    "rmsprop": lambda o, w, c: o.RMSprop(w, c.lr, alpha=c.alpha, eps=c.epsilon),
    "adam": lambda o, w, c: o.Adam(w, c.lr, betas=(c.beta1, c.beta2), eps=c.epsilon),
    "adamw": lambda o, w, c: o.AdamW(w, c.lr, betas=(c.beta1, c.beta2), eps=c.epsilon, weight_decay=c.weight_decay),
    "rprop": lambda o, w, c: o.Rprop(w, c.lr, etas=(c.eta_minus, c.eta_plus), step_sizes=(c.step_min, c.step_max)),
}
SCHEDULES = {
    "constant": lambda s, o, c: s.LambdaLR(o, lambda e: 1.0),
    "exponential": lambda s, o, c: s.StepLR(o, c.epochs // 50, c.gamma),
    "polynomial": lambda s, o, c: s.PolynomialLR(o, c.epochs, c.power),
    "warmup-linear": lambda s, o, c: s.LambdaLR(
        o, lambda e: e / c.warmup if e < c.warmup else (c.epochs - e) / (c.epochs - c.warmup)
    ),
    # Holzmüller, Grinsztajn & Steinwart (NeurIPS 2024), at the middle of each epoch.
    "coslog4": lambda s, o, c: s.LambdaLR(
        o, lambda e: (1 - math.cos(2 * math.pi * math.log2(1 + 15 * (e + 0.5) / c.epochs))) / 2
    ),
}
OUTPUT_ACTIVATIONS = {
    **{name: ACTIVATIONS[name] for name in ("sigmoid", "tanh", "relu", "leaky-relu", "identity")},
    "softmax": lambda t: lambda z: t.softmax(z, -1),
}
# Of logits z, outputs p and targets y: each output's loss (N, O), or each sample's (N,); e: the label smoothing.
LOSSES = {
    "mse": lambda f, c: lambda z, p, y, e: f.mse_loss(p, y, reduction="none"),
    "bce": lambda f, c: lambda z, p, y, e: f.binary_cross_entropy_with_logits(z, y * (1 - e) + e / 2, reduction="none"),
    "cross-entropy": lambda f, c: lambda z, p, y, e: f.cross_entropy(z, y, reduction="none", label_smoothing=e),
    "huber": lambda f, c: lambda z, p, y, e: f.huber_loss(p, y, reduction="none", delta=c.huber_delta),
}

"""Training on parts of samples as PyTorch has it: losses, weights, dropout, clipping, rates, scaled inputs."""

import math

import numpy as np
import pytest
import torch_oracles

import fnn
from fnn import rng as draws
from fnn.config import INPUT_SCALES, ORDERS
from fnn.data.samples import Part
from fnn.network.activations import ACTIVATIONS
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.scores import score_of
from fnn.training.train import train_parts

torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
BASE = {"hidden": "5x4", "activation": "tanh", "init": "xavier", "lr": 0.02, "epochs": 50, "seed": 6}


def settings_of(loss):
    """Return what a config of this loss needs."""
    return {"loss": loss, "output": LOSSES[loss].output or "identity"}


def part_of(rng, loss, *, training=23, held_out=9, weighted=True):
    """Return samples that this loss can learn, each with a weight of its own."""
    N = training + held_out
    x, y = rng.normal(size=(N, 3)), 2 * rng.normal(size=(N, 3))
    if loss == "cross-entropy":
        y = np.eye(3)[y.argmax(axis=1)]
    elif loss == "bce":
        y = (y > 0).astype(float)
    weight, emphasis = rng.uniform(0.2, 2, N), rng.uniform(0.2, 2, training)
    if not weighted:
        weight, emphasis = np.ones(N), np.ones(training)
    return Part(x, y, weight, emphasis, training, score_of(y, loss))


class Model:
    """A network in PyTorch; weights, biases and scales are tensors of their own, in groups with a rate each."""

    def __init__(self, config, inputs, outputs):
        self.config, widths = config, [inputs, *config.hidden, outputs]
        layers = config.layers(inputs, outputs)
        params = fnn.init(
            layers, config.seed, config.init, config.init_scale, parametrization=config.parametrization,
            output_init=config.output_init,
        )  # fmt: skip
        self.scale = torch.tensor(params[0], requires_grad=True) if INPUT_SCALES[config.input_scale] else None
        dense = params[len(params) - len(widths) + 1 :]
        self.weights = [torch.tensor(w[:-1], requires_grad=True) for w in dense]
        self.biases = [torch.tensor(w[-1:], requires_grad=True) for w in dense]
        self.hidden = [torch_oracles.ACTIVATIONS[name](torch) for name in config.activation.split("x")]
        self.hidden *= len(config.hidden) if len(self.hidden) == 1 else 1
        self.output = torch_oracles.OUTPUT_ACTIVATIONS[config.output](torch)

    @property
    def tensors(self):
        return [*([] if self.scale is None else [self.scale]), *self.weights, *self.biases]

    def groups(self):
        """Return parameter groups, each with its rate."""
        c, ntk = self.config, self.config.parametrization == "ntk"
        groups = [{"params": [w], "lr": c.lr / math.sqrt(len(w)) if ntk else c.lr} for w in self.weights]
        groups.append({"params": self.biases, "lr": c.lr * c.bias_lr})
        return groups if self.scale is None else [*groups, {"params": [self.scale], "lr": c.lr * c.input_scale_lr}]

    def __call__(self, x, masks=None):
        """Return logits and outputs. masks: (N, units), of all hidden layers."""
        a, begin = x if self.scale is None else x * self.scale, 0
        for w, b, activation in zip(self.weights, self.biases, self.hidden, strict=False):
            a = activation(a @ w + b)
            if masks is not None:
                a = a * masks[:, begin : begin + a.shape[1]]
                begin += a.shape[1]
        z = a @ self.weights[-1] + self.biases[-1]
        return z, self.output(z)

    def rows(self):
        """Return the weights as fnn has them: (K,)."""
        dense = [torch.cat((w, b)) for w, b in zip(self.weights, self.biases, strict=True)]
        tensors = dense if self.scale is None else [self.scale, *dense]
        return torch.cat([t.detach().ravel() for t in tensors]).numpy()


def batches_of(config, count, epoch):
    """Yield the place of each batch's first sample in this epoch's order, the batch, and its dropout masks."""
    size, order = config.batch_size or count, np.arange(count)
    if ORDERS[config.order] and size < count:
        order = draws.permutations([config.seed], count, epoch)[0]
    for first in range(0, count, size):
        batch, masks = order[first : first + size], None
        if config.dropout:
            limit, units = draws.dropout_threshold([config.dropout]), sum(config.hidden)
            samples = first, len(batch), count
            masks = torch.tensor(draws.dropout_masks([config.seed], limit, units, samples, epoch)[0])
        yield batch, masks


def torch_trained(config, part):
    """Return a model that PyTorch trained on a part."""
    model = Model(config, part.x.shape[1], part.y.shape[1])
    x, y, emphasis = (torch.tensor(a[: part.training]) for a in (part.x, part.y, part.emphasis))
    loss = torch_oracles.LOSSES[config.loss](torch.nn.functional, config)
    stepper = torch_oracles.OPTIMIZERS[config.optimizer](torch.optim, model.groups(), config)
    schedule = torch_oracles.SCHEDULES[config.scheduler](torch.optim.lr_scheduler, stepper, config)
    for epoch in range(config.epochs):
        for batch, masks in batches_of(config, part.training, epoch):
            stepper.zero_grad()
            values = loss(*model(x[batch], masks), y[batch], config.label_smoothing)
            times = emphasis[batch].reshape(-1, *[1] * (values.ndim - 1))
            total = (values * times).sum()
            if config.reduction == "mean":
                total = total / (values.numel() * emphasis.mean())
            total.backward()
            if config.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(model.tensors, config.clip_norm)
            stepper.step()
        schedule.step()
    return model


def measured(model, config, part, some):
    """Return the mean loss on some samples, each with its weight and its labels as they are."""
    x, y, weight = (torch.tensor(a[some]) for a in (part.x, part.y, part.weight))
    with torch.no_grad():
        values = torch_oracles.LOSSES[config.loss](torch.nn.functional, config)(*model(x), y, 0.0)
    return ((values.reshape(len(values), -1).mean(dim=1) * weight).sum() / weight.sum()).item()


def assert_pytorchs(config, part, close=1e-10):
    """Assert that both paths train the network that PyTorch trains, and measure it as PyTorch does."""
    model = torch_trained(config, part)
    theirs = model.rows()
    losses = [measured(model, config, part, some) for some in (slice(part.training), slice(part.training, None))]
    for backend in ("numpy", "numba"):
        ours = train_parts([config], [part], backend=backend)
        assert np.abs(ours.flat[0][0] - theirs).max() < close * max(1, np.abs(theirs).max()), backend
        assert ours.loss[0] == pytest.approx(losses[0], rel=close)
        assert ours.validation_loss[0] == pytest.approx(losses[1], rel=close)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_with_weights_is_pytorchs(loss, reduction, weighted, rng):
    part = part_of(rng, loss, weighted=weighted)
    assert_pytorchs(fnn.Config(**BASE | settings_of(loss), reduction=reduction), part)


@pytest.mark.parametrize("smoothing", [0.1, 0.7])
@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if "label_smoothing" in loss.uses])
def test_label_smoothing_is_pytorchs(loss, smoothing, rng):
    assert_pytorchs(fnn.Config(**BASE | settings_of(loss), label_smoothing=smoothing), part_of(rng, loss))


@pytest.mark.parametrize("delta", [0.05, 0.7, 30.0])
def test_huber_of_any_delta_is_pytorchs(delta, rng):
    part = part_of(rng, "huber")
    assert_pytorchs(fnn.Config(**BASE | settings_of("huber"), huber_delta=delta, optimizer="sgd"), part)


@pytest.mark.parametrize(("batch", "order"), [(None, "fixed"), (8, "fixed"), (8, "shuffled")])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dropout_with_the_same_masks_is_pytorchs(activation, batch, order, rng):
    config = fnn.Config(
        **BASE | {"activation": activation} | settings_of("cross-entropy"), dropout=0.3, batch_size=batch, order=order
    )
    assert_pytorchs(config, part_of(rng, "cross-entropy"))


@pytest.mark.parametrize("batch", [None, 8])
@pytest.mark.parametrize("limit", [0.01, 1.5, 1000.0])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_clipping_is_pytorchs(optimizer, limit, batch, rng):
    config = fnn.Config(**BASE | settings_of("mse"), optimizer=optimizer, clip_norm=limit, batch_size=batch)
    assert_pytorchs(config, part_of(rng, "mse"))


@pytest.mark.parametrize("optimizer", torch_oracles.OPTIMIZERS)
def test_rates_of_weights_biases_and_scaled_inputs_are_parameter_groups(optimizer, rng):
    config = fnn.Config(
        **BASE | settings_of("mse"), optimizer=optimizer, parametrization="ntk", bias_lr=0.1, input_scale="learned",
        input_scale_lr=6.0, reduction="mean",
    )  # fmt: skip
    assert_pytorchs(config, part_of(rng, "mse"), close=1e-9 if optimizer == "rprop" else 1e-10)


@pytest.mark.parametrize("hidden", ["none", "5", "17x16"])
def test_the_preset_of_tables_is_pytorchs(hidden, rng):
    """Everything at once, and dropout and clipping with it."""
    config = fnn.Config(
        **BASE | settings_of("cross-entropy") | {"hidden": hidden, "activation": "selu", "init": "he", "epochs": 20},
        parametrization="ntk", bias_lr=0.1, input_scale="learned", input_scale_lr=6.0, output_init="zero", beta2=0.95,
        label_smoothing=0.1, scheduler="coslog4", reduction="mean", batch_size=7, order="shuffled", dropout=0.2,
        clip_norm=0.5,
    )  # fmt: skip
    assert_pytorchs(config, part_of(rng, "cross-entropy"))


@pytest.mark.parametrize("initializer", ["normal", "he"])
def test_ntk_form_and_zero_outputs_scale_what_is_drawn(initializer):
    """A weight is drawn as ever, over the root of its fan-in; biases as ever; the last layer's are 0."""
    plain, scaled = fnn.Config(hidden="5x4"), fnn.Config(hidden="5x4", input_scale="learned")
    drawn = fnn.init(plain.layers(3, 2), [4, 9], initializer)
    ntk = fnn.init(plain.layers(3, 2), [4, 9], initializer, parametrization="ntk")
    zero = fnn.init(plain.layers(3, 2), [4, 9], initializer, output_init="zero")
    for w, v, fan_in in zip(drawn, ntk, (3, 5, 4), strict=True):
        assert v[:, :-1] == pytest.approx(w[:, :-1] / math.sqrt(fan_in), rel=1e-15)
        assert np.array_equal(v[:, -1], w[:, -1])
    assert all(np.array_equal(w, v) for w, v in zip(drawn[:-1], zero[:-1], strict=True))
    assert (zero[-1] == 0).all()
    factors = fnn.init(scaled.layers(3, 2), [4, 9], initializer)[0]
    assert np.array_equal(factors, np.ones((2, 1, 3)))

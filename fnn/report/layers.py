"""A network's layers in words: what `fnn.describe` gives, and the rows, the lines and the JSON document made of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from fnn import checks
from fnn.config import DTYPES, Config
from fnn.errors import InvalidSetting
from fnn.formats import setting, size
from fnn.network.hidden import layer_names
from fnn.network.layers import LAYER_KINDS, may_drop
from fnn.network.sizes import Shape, layer_sizes
from fnn.network.windows import Window

_GAP, _LABEL = "  ", 18


class LayerDescription(NamedTuple):
    """One layer. name: as `hidden` spells it, such as conv16:3+1, or dense 64; activation, window: None without one.

    inputs, outputs, parameters, multiply_adds: as `network.sizes.LayerSize` has them. dropout: the chance with which
    an output is left out.
    """

    name: str
    kind: str
    activation: str | None
    window: Window | None
    inputs: Shape
    outputs: Shape
    parameters: int
    multiply_adds: int
    dropout: float


class Description(NamedTuple):
    """What a config's networks are made of, layer by layer. dtype: of their weights; networks: so many of them."""

    layers: tuple[LayerDescription, ...]
    dtype: str
    networks: int = 1

    @property
    def parameters(self) -> int:
        """K, the weights and biases of one network."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Those of one network's forward pass of one sample."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def bytes(self) -> int:
        """Of the weights of all networks."""
        return self.networks * self.parameters * np.dtype(DTYPES[self.dtype]).itemsize

    def __repr__(self) -> str:
        rows = [layer_columns(self), *layer_rows(self)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [_GAP.join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*table, "", *total_lines(self)])


def describe(config: Config, inputs: int, outputs: int, networks: int = 1) -> Description:
    """Return what a config's networks are made of, for samples of so many inputs and outputs; nothing is trained.

    inputs: of a table so many as its columns are encoded by, of images height times width times channels. networks: so
    many, whose weights are counted in bytes. What it gives prints as a table.

    Raises InvalidSetting for what is no such thing, and as `Config` does for an image of another size.

    >>> import fnn
    >>> fnn.describe(fnn.Config(hidden="conv6:5-pool2-84", activation="relu", image="28x28"), 784, 10)
    layer     activation  window  inputs   outputs  parameters  multiply-adds
    conv6:5   relu        5x5     28x28x1  24x24x6  156         86,400
    pool2     –           2x2/2   24x24x6  12x12x6  0           0
    dense 84  relu        –       864      84       72,660      72,576
    dense 10  sigmoid     –       84       10       850         840
    <BLANKLINE>
    window            rows x columns of pixels, /step, +padding
    parameters        73,666
    multiply-adds     159,816 in a forward pass of one sample
    weights           589 kB in float64
    """
    if not isinstance(config, Config):
        raise InvalidSetting("config", config, "a Config")
    inputs, outputs = checks.whole(1)("inputs", inputs), checks.whole(1)("outputs", outputs)
    layers = config.layers(inputs, outputs)
    names, sizes = layer_names(config.hidden, layers), layer_sizes(layers, config.image)
    rows = tuple(
        LayerDescription(
            name, layer.kind, layer.activation if LAYER_KINDS[layer.kind].activated else None, layer.window, *size_of,
            dropout=config.dropout if drops else 0.0,
        )
        for layer, name, size_of, drops in zip(layers, names, sizes, may_drop(layers), strict=True)
    )  # fmt: skip
    return Description(rows, config.dtype, checks.whole(1, checks.SEEDS_END)("networks", networks))


# ---- words ----


def layer_columns(description: Description) -> list[str]:
    """Return the heads of the rows of layers; there is a column of windows where any layer has one."""
    window = ["window"] if _has_windows(description) else []
    return ["layer", "activation", *window, "inputs", "outputs", "parameters", "multiply-adds"]


def layer_rows(description: Description) -> list[list[str]]:
    """Return a row of words for each layer."""
    windows = _has_windows(description)
    return [
        [
            layer.name,
            layer.activation or "–",
            *([_window(layer.window) if layer.window else "–"] if windows else []),
            setting(layer.inputs),
            setting(layer.outputs),
            f"{layer.parameters:,}",
            f"{layer.multiply_adds:,}",
        ]
        for layer in description.layers
    ]


def _has_windows(description: Description) -> bool:
    return any(layer.window for layer in description.layers)


def _window(w: Window) -> str:
    """Return the pixels, the step and the padding of a window, in the spelling of `hidden`."""
    stride = f"/{w.stride}" if w.stride > 1 else ""
    padding = f"+{max(w.padding)}" if max(w.padding) else ""
    return f"{w.rows}x{w.columns}{stride}{padding}"


def total_lines(description: Description) -> Iterator[str]:
    """Yield what the layers come to together, what the column of windows says, and what dropout leaves out."""
    d = description
    if _has_windows(d):
        yield _line("window", "rows x columns of pixels, /step, +padding")
    if chance := max(layer.dropout for layer in d.layers):
        yield _line("dropout", f"{setting(chance)} of the outputs of each hidden layer with an activation")
    yield _line("parameters", f"{d.parameters:,}")
    yield _line("multiply-adds", f"{d.multiply_adds:,} in a forward pass of one sample")
    together = f", {size(d.bytes)} for {d.networks:,} networks" if d.networks > 1 else ""
    yield _line("weights", f"{size(d.bytes // d.networks)} in {d.dtype}{together}")


def _line(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}"


# ---- the JSON document ----


def description_document(description: Description) -> dict[str, Any]:
    """Return the JSON document of a network's layers. bytes: of the weights of all networks."""
    d = description
    return {
        "layers": [_layer_document(layer) for layer in d.layers],
        **{name: getattr(d, name) for name in ("parameters", "multiply_adds", "dtype", "networks", "bytes")},
    }


def _layer_document(layer: LayerDescription) -> dict[str, Any]:
    w = layer.window
    window = w and {"rows": w.rows, "columns": w.columns, "stride": w.stride, "padding": list(w.padding)}
    return layer._asdict() | {"window": window, "inputs": list(layer.inputs), "outputs": list(layer.outputs)}

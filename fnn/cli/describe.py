"""`fnn train --describe`: the layers of the networks that would be trained, as a table."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from fnn import checks
from fnn.cli.columns import print_table
from fnn.cli.encoding import echo
from fnn.cli.table import preparation_options, splitting_options
from fnn.config import Config
from fnn.data.synthetic import Data
from fnn.ensembles.presets import SEEDS, default_preset
from fnn.formats import counted
from fnn.report.layers import Description, describe, description_document, layer_columns, layer_rows, total_lines


def describe_samples(data: Data, about: dict[str, Any], config: Config, networks: int, *, json_: bool) -> None:
    """Show the layers for a named data set. about: how it was made."""
    from fnn.training.train import labelled_part

    part = labelled_part([config], *data)  # whose labels are as the loss takes them
    inputs, outputs = part.x.shape[1], part.y.shape[1]
    description = describe(config, inputs, outputs, networks)
    sizes = f"{counted(inputs, 'input')}, {counted(outputs, 'output')}"
    lines = [f"{'data':<18}{about['data']}: {counted(len(data.x), 'point')}, {sizes}"]
    _show(description, lines, {**about, "config": asdict(config)}, json_=json_)


def describe_table(
    problem: Any, of_table: dict[str, Any], settings: dict[str, Any], seeds: int | None, *, json_: bool
) -> None:
    """Show the layers for a table that is read: of as many networks as it would be learnt by."""
    from fnn.data.split import split_count
    from fnn.ensembles.presets import preset_config, preset_preparation
    from fnn.ensembles.splits import splitting_of, validates
    from fnn.report.problem import preset_settings, table_data, task_of
    from fnn.report.table import source_document, source_lines

    preset, task = of_table["preset"] or default_preset(settings), problem.target.task
    splitting = splitting_of(preset, settings, splitting_options(of_table))
    config = preset_config(preset, task, settings, validates=validates(splitting))
    preparation = preset_preparation(preset, **preparation_options(of_table))
    networks = checks.seed_count(SEEDS if seeds is None else seeds, config.seed) * split_count(splitting)
    description = describe(config, problem.x.shape[1], problem.target.y.shape[1], networks)
    source = table_data(problem), task_of(problem), preset, preset_settings(preset, task, preparation, config)
    _show(description, source_lines(*source), source_document(*source), json_=json_)


def _show(description: Description, lines: Iterable[str], about: dict[str, Any], *, json_: bool) -> None:
    if json_:
        echo(json.dumps({**about, **description_document(description)}, allow_nan=False))
        return
    for line in lines:
        echo(line)
    echo("")
    print_table(layer_columns(description), layer_rows(description))
    echo("")
    for line in total_lines(description):
        echo(line)

"""`fnn bench --work layouts`: which way to fill the lanes is faster, and what it costs to choose the other."""

import math
from dataclasses import replace

import numpy as np
import pytest

import fnn
from fnn.bench import layouts, peak, samples, suite, tables, targets, work
from fnn.bench.run import APART, Method, Row
from fnn.training import lanes


def case(networks, **settings):
    data = samples.table_like(900)
    config = fnn.Config(**{"epochs": 2, "dtype": "float32", "hidden": (3,)} | settings)
    return work.Case(
        work="layouts", what="few", config=config, x=data.x, y=data.y, networks=networks, contenders=(), solvable=False
    )


def cell(at, networks, units, chosen="networks"):
    """Return the rows of one cell, in which each way takes so many seconds."""
    seconds = {"networks": networks, "units": units}
    return [
        Row(
            work="layouts", what=f"cell {at}", at=at, dtype="float32", contender=name, title=f"{name} in the lanes",
            seconds=[taken, taken, taken], ratio=taken / seconds[chosen],
            note=layouts.CHOSEN if name == chosen else "",
        )
        for name, taken in seconds.items()
    ]  # fmt: skip


def test_the_grid_is_the_seeds_and_reaches_everywhere():
    cells = list(layouts.grid())
    assert len(cells) == 200
    assert [c.at for c in cells] == list(range(200))
    again = list(layouts.grid(20))
    assert [(c.what, c.config) for c in again] == [(c.what, c.config) for c in cells[:20]]
    assert [c.what for c in layouts.grid(20, seed=1)] != [c.what for c in again]
    assert {c.config.hidden[0] for c in cells} == set(layouts.WIDTHS)
    assert {len(c.config.hidden) for c in cells} == {1, 2, 3}
    assert {c.config.dtype for c in cells} == {"float32", "float64"}
    assert (min(c.networks for c in cells), max(c.networks for c in cells) > 200) == (1, True)
    assert all(c.config.batch_size is None or c.config.batch_size < len(c.x) for c in cells)
    for c in cells:
        an_epoch = c.networks * peak.operations(c.config, c.x.shape[1], 1, len(c.x), measures=True)
        assert an_epoch <= max(layouts.RUN_OPERATIONS, layouts.MOST_OPERATIONS) * c.config.epochs
        assert c.config.epochs == 1 or an_epoch <= layouts.RUN_OPERATIONS


@pytest.mark.parametrize("batch", [None, 256])
def test_the_stack_of_a_cell_is_the_one_that_training_trains(batch):
    given = case(3, batch_size=batch)
    fit = layouts.chosen_way(given, 2)
    expected = fnn.train(given.config, given.x, given.y, seeds=range(3), threads=2)
    assert np.array_equal(fit([layouts.stack_of(given)], None, threads=2)[0].flat, expected.flat[0])


def test_a_cell_has_a_row_for_each_way_and_the_ratio_is_to_the_one_taken():
    given = case(3)
    rows = layouts.measure_layouts(given, Method(threads=2), lambda _: None)
    assert [row.contender for row in rows] == list(lanes.WAYS)
    assert len(rows) == 2
    (chosen,) = [row for row in rows if row.note == layouts.CHOSEN]
    assert chosen.ratio == 1
    for row in rows:
        assert row.ratio == pytest.approx(row.seconds[1] / chosen.seconds[1])
        assert row.runs == 5


def test_a_way_that_trains_other_networks_is_not_timed(monkeypatch):
    def wrong(stacks, report, *, threads):
        short = [stack._replace(config=replace(stack.config, epochs=1)) for stack in stacks]
        return lanes.WAYS["networks"](short, report, threads=threads)

    monkeypatch.setattr(lanes, "WAYS", {**lanes.WAYS, "wrong": wrong})
    rows = layouts.measure_layouts(case(3, lr=0.5, epochs=50), Method(), lambda _: None)
    assert [row.status == APART for row in rows] == [False, False, True]
    assert rows[2].seconds is None


def test_what_choosing_cost_on_paper():
    # The way taken takes 1, 1.05 and 2 times as long as the fastest: right twice of three times.
    rows = cell(0, 1.0, 3.0) + cell(1, 1.05, 1.0) + cell(2, 3.0, 6.0, chosen="units")
    chosen = layouts.choices(rows)
    assert chosen.cells == 3
    assert chosen.right == pytest.approx(2 / 3)
    assert chosen.cost == pytest.approx(math.cbrt(1.05 * 2))
    assert (chosen.worst.what, chosen.worst.contender) == ("cell 2", "networks")
    assert layouts.choices(cell(0, 1.0, 3.0)).worst is None
    assert layouts.choices(cell(0, 1.0, 3.0)[:1]) is None  # one way is no choice
    (check,) = targets.checks(rows)
    assert (check.bound, check.met) == (0.9, False)
    assert targets.checks(cell(0, 1.0, 3.0))[0].met


def test_cells_are_lines_and_the_choice_a_sentence():
    rows = cell(0, 0.012, 0.003)
    _, line, _ = tables.case_lines(rows + cell(1, 1.0, 2.0))
    assert line.split() == ["cell", "0,", "float32", "networks*", "12.0", "ms", "units", "3.00", "ms"]
    widest = max((c.what for c in layouts.grid()), key=len)
    _, line = tables.case_lines([replace(row, what=widest, dtype="float64") for row in rows])
    assert len(line) <= tables.WIDTH
    text = " ".join(tables.closing_lines(rows))
    assert "in 0.0% of 1 cells" in text
    assert "4.00 times as long as units in the lanes" in text


def test_layouts_are_measured_when_they_are_asked_for():
    assert layouts.WORK not in suite.names_of(None)
    assert suite.names_of("layouts") == ["layouts"]

"""Study files: what they may hold, and the error of a wrong one."""

from collections import Counter
from random import Random

import pytest

from fnn.errors import InvalidSetting
from fnn.studies import parse
from fnn.studies.metrics import Measure
from fnn.studies.model import Alternative, Level
from fnn.studies.parse import load, shipped
from fnn.studies.toml_source import line_numbers, line_of
from fnn.sweeps.grid import NAMES

GOOD = """
title = "T"

[base]
data = "xor4"
epochs = 30

[nuisance]
hidden = ["2x2", "3x3"]

[figures.one]
title = "F"
settings = { lr = 0.5 }
[[figures.one.arms]]
label = "a"
optimizer = "sgd"
[[figures.one.arms]]
label = "b"

[[claims]]
id = "first"
sentence = "S"
figure = "one"
metric = "epochs"
arms = ["a"]
direction = "lower"
than = ["b"]
margin = 0.6

[[claims]]
id = "second"
sentence = "S"
arms = [{ label = "c", lr = 0.3 }]
at_least = 0.5

[[outside]]
id = "published"
title = "U"
source = "S"
what = "W"
successes = 9
runs = 10
median = 20
[outside.settings]
stop_rms = 0.1
[outside.vary.start]
"near" = { init_scale = 0.5 }
"far" = { init_scale = 2.0 }
[outside.vary.update]
"a momentum" = { optimizer = "momentum", momentum = 0.5 }
"none" = { optimizer = "adagrad" }
"""


def read(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return parse.read(path)


def test_claims_have_their_arms_settings_and_margins(tmp_path):
    study = read(tmp_path, GOOD)
    assert study.name == "mine"
    first, second = study.claims
    assert first.pairs == ((0, 1),)
    assert not first.up
    assert first.arms[0].trial.config.optimizer == "sgd"
    assert {arm.trial.config.lr for arm in first.arms} == {0.5}
    assert second.pairs == ()
    assert second.up
    assert second.margin == 0.5
    assert second.arms[0].trial.config.lr == 0.3
    assert study.sections[0]["claims"] == ["first", "second"]


def test_a_claim_may_be_about_the_share_of_runs_whose_metric_is_above_a_value(tmp_path):
    text = GOOD.replace("at_least = 0.5", 'metric = "roughness"\nepoch = 9\nuntil = 20\nabove = 0.01\nat_most = 0.1')
    (_, second) = read(tmp_path, text).claims
    assert second.measure == Measure("roughness", 9, 20, 0.01)
    assert (second.pairs, second.up, second.margin) == ((), False, 0.1)


def test_settings_of_a_claim_stand_over_those_of_its_arms(tmp_path):
    text = GOOD.replace('metric = "epochs"', 'metric = "epochs"\nsettings = { lr = 0.7, epochs = 40 }')
    first = read(tmp_path, text).claims[0]
    assert [(a.trial.config.lr, a.trial.config.epochs, a.trial.config.optimizer) for a in first.arms] == [
        (0.7, 40, "sgd"), (0.7, 40, "adam"),
    ]  # fmt: skip
    assert [arm.label for arm in first.arms] == ["a", "b"]


def test_readings_are_tried_in_every_combination_under_their_names(tmp_path):
    (result,) = read(tmp_path, GOOD).published
    assert [arm.label for arm in result.arms] == ["near, a momentum", "near, none", "far, a momentum", "far, none"]
    configs = [arm.trial.config for arm in result.arms]
    assert [(c.init_scale, c.optimizer) for c in configs] == [
        (0.5, "momentum"), (0.5, "adagrad"), (2.0, "momentum"), (2.0, "adagrad"),
    ]  # fmt: skip
    assert {c.stop_rms for c in configs} == {0.1}
    assert (result.statistic, result.time, result.at_least) == ("median", 20, None)
    text = GOOD[: GOOD.index("[outside.vary.start]")]
    assert [arm.label for arm in read(tmp_path, text).published[0].arms] == ["as published"]


def test_a_published_number_knows_what_it_is_rounded_to(tmp_path):
    for text, rounding in (("20", 0.5), ("20.5", 0.05), ("20\nrounded_to = 10", 5), ("2e3", 0.05)):
        (result,) = read(tmp_path, GOOD.replace("median = 20", f"median = {text}")).published
        assert result.rounding == pytest.approx(rounding)


def test_what_was_published_of_unknown_runs_and_of_unknown_successes(tmp_path):
    (result,) = read(tmp_path, GOOD.replace("successes = 9\nruns = 10", "share = 0.99")).published
    assert (result.share, result.runs, result.successes) == (0.99, None, None)
    (result,) = read(tmp_path, GOOD.replace("successes = 9\n", "")).published
    assert (result.runs, result.successes, result.time) == (10, None, 20)
    (result,) = read(tmp_path, GOOD.replace("median = 20", "median = 20\nrange = [10, 45.5]")).published
    assert (result.fastest, result.slowest) == (10, 45.5)


OTHER = """
[[outside]]
id = "other"
title = "V"
source = "S"
source_id = "one"
what = "W"
mean = 30
vary = {vary}
"""
ONE = GOOD.replace('source = "S"', 'source = "S"\nsource_id = "one"')


def test_results_of_one_source_read_what_is_open_in_the_same_ways(tmp_path):
    def two(vary):
        return ONE + OTHER.replace("{vary}", vary)

    first, second = read(tmp_path, two("{ start = { near = { lr = 0.2 }, far = { lr = 0.3 } } }")).published
    assert first.source_id == second.source_id == "one"
    assert first.open_choices == (("start", ("near", "far")), ("update", ("a momentum", "none")))
    assert second.open_choices == (("start", ("near", "far")),)
    with pytest.raises(InvalidSetting, match=r"line \d+: start: got 'near'; expected the readings that other .* far"):
        read(tmp_path, two("{ start = { near = { lr = 0.2 } } }"))
    with pytest.raises(InvalidSetting, match=r"source_id: got 'published'; expected a name that is no id"):
        read(tmp_path, GOOD + OTHER.replace('"one"', '"published"').replace("vary = {vary}", ""))
    many = ", ".join(f"q{k} = {{ {', '.join(f'r{j} = {{}}' for j in range(9))} }}" for k in range(3))
    with pytest.raises(InvalidSetting, match=r"vary: got 2916; expected at most 1,000 readings"):
        read(tmp_path, two(f"{{ {many} }}"))


def test_arms_without_than_are_an_order(tmp_path):
    study = read(tmp_path, GOOD.replace('arms = ["a"]', 'arms = ["a", "b"]').replace('than = ["b"]\n', ""))
    assert study.claims[0].pairs == ((0, 1),)


def test_settings_that_go_together_are_levels_under_a_name(tmp_path):
    coded = '[{}, { label = "both", lr = 0.5, beta2 = 0.5 }, { dtype = "float32" }]'
    text = GOOD.replace('["2x2", "3x3"]', f'["2x2", "3x3"]\nas_coded = {coded}\nmomentum = 0.5')
    study = read(tmp_path, text)
    assert study.nuisance == {
        "hidden": (Level("2x2", {"hidden": "2x2"}), Level("3x3", {"hidden": "3x3"})),
        "as_coded": (
            Level("as stated", {}), Level("both", {"lr": 0.5, "beta2": 0.5}),
            Level("dtype float32", {"dtype": "float32"}),
        ),
        "momentum": (Level("0.5", {"momentum": 0.5}),),
    }  # fmt: skip
    assert study.claims[0].nuisance == ("hidden", "as_coded", "momentum")
    best = read(tmp_path, GOOD.replace('hidden = ["2x2", "3x3"]', 'lr = ["best", 0.5]'))
    assert [level.label for level in best.nuisance["lr"]] == ["as stated", "best", "0.5"]


def test_an_alternative_has_of_its_claim_what_means_the_same_there(tmp_path):
    ways = """alternatives = [
  { factor = 1.5 }, { metric = "loss", epoch = 10 }, { metric = "roughness", epoch = 5, until = 20 },
  { metric = "solved", direction = "higher", margin = 0.1, label = "more of them" },
  { metric = "accuracy", direction = "higher" },
]"""
    claim = read(tmp_path, GOOD.replace("margin = 0.6", f"margin = 0.6\nfactor = 1.2\n{ways}")).claims[0]
    assert claim.alternatives == (
        Alternative("by a factor 1.5", Measure("epochs"), False, 0.6, 1.5),
        Alternative("loss at epoch 10", Measure("loss", 10), False, 0.6, 1.2),
        Alternative("roughness from epoch 5 to 20", Measure("roughness", 5, 20), False, 0.6, 1.2),
        Alternative("more of them", Measure("solved"), True, 0.1, 1.0),
        Alternative("final accuracy", Measure("accuracy"), True, 0.6, 1.0),
    )
    assert claim.measured(claim.alternatives[3]).margin == 0.1
    window = 'metric = "loss"\nepoch = 10\nalternatives = [{ epoch = 20 }, { metric = "epochs" }]'
    first = read(tmp_path, GOOD.replace('metric = "epochs"', window)).claims[0]
    assert [a.measure for a in first.alternatives] == [Measure("loss", 20), Measure("epochs")]
    share = "at_least = 0.5\nalternatives = [{ epoch = 10 }, { at_least = 0.7 }, { at_most = 0.4 }]"
    second = read(tmp_path, GOOD.replace("at_least = 0.5", share)).claims[1]
    assert [(a.label, a.measure.epoch, a.up, a.margin) for a in second.alternatives] == [
        ("share solved by epoch 10", 10, True, 0.5),
        ("at least 0.7", None, True, 0.7),
        ("at most 0.4", None, False, 0.4),
    ]  # fmt: skip
    assert read(tmp_path, GOOD).claims[0].alternatives == ()


def test_an_alternative_may_have_other_arms_under_the_settings_of_its_claim(tmp_path):
    ways = """alternatives = [
  { label = "wider", arms = [{ label = "c", hidden = "8x8" }], than = [{ label = "d", hidden = "6x6" }] },
  { than = ["a", "b"] }, { arms = ["a"], than = ["b"], factor = 1.5 },
]
settings = { lr = 0.7 }"""
    claim = read(tmp_path, GOOD.replace("margin = 0.6", f"margin = 0.6\n{ways}")).claims[0]
    wider, both, same = (claim.measured(a) for a in claim.alternatives)
    assert [(arm.label, arm.settings.get("hidden"), arm.settings["lr"]) for arm in wider.arms] == [
        ("c", "8x8", 0.7), ("d", "6x6", 0.7),
    ]  # fmt: skip
    assert ([arm.label for arm in both.arms], both.pairs) == (["a", "a", "b"], ((0, 1), (0, 2)))
    assert (same.arms, same.pairs, same.factor) == (claim.arms, ((0, 1),), 1.5)
    assert [a.label for a in claim.alternatives] == ["wider", "a and a and b", "by a factor 1.5"]
    share = 'at_least = 0.5\nalternatives = [{ label = "more", arms = [{ label = "e", hidden = "9x9" }] }]'
    second = read(tmp_path, GOOD.replace("at_least = 0.5", share)).claims[1]
    other = second.measured(second.alternatives[0])
    assert ([arm.label for arm in other.arms], other.pairs, other.margin) == (["e"], (), 0.5)


# What of the good file becomes what; the line that is to be named has `here` in it.
WRONG = [
    ('title = "T"', 'titel = "T"  # here', r"key: got 'titel'.*did you mean title"),
    ("epochs = 30", "epochs = 0  # here", r"epochs: got 0; expected"),
    ('data = "xor4"', 'data = "xro4"  # here', r"data: got 'xro4'.*did you mean xor4"),
    ("lr = 0.5 }", "lrr = 0.5 }  # here", r"setting: got 'lrr'.*did you mean lr"),
    ("lr = 0.5 }", 'lr = "fast" }  # here', r"lr: got 'fast'; expected a finite number"),
    ('optimizer = "sgd"', 'optimiser = "sgd"  # here', r"got 'optimiser'.*did you mean optimizer"),
    ('optimizer = "sgd"', 'optimizer = ["sgd", "adam"]  # here', r"got \['sgd', 'adam'\]; expected one value"),
    ('optimizer = "sgd"', 'hidden = ["conv2:2", 4]  # here', r'hidden: got .*; expected one value; .* "conv4:2-4"'),
    ('optimizer = "sgd"', 'image = "8x8"  # here', r"image: got '8x8x1'; expected one of 2 numbers"),
    ('optimizer = "sgd"', "image = [1, 2]  # here", r'image: got \[1, 2\]; expected one value; .* "8x8"'),
    ('hidden = ["2x2", "3x3"]', 'hidden = ["2x2", "conv2:2-2"]  # here', r"image: got None; expected the size"),
    ('hidden = ["2x2", "3x3"]', 'image = ["1x2", "2x2"]  # here', r"image: got '2x2x1'; expected one of 2 numbers"),
    ('optimizer = "sgd"', 'image = "1x2"\nhidden = "conv2:3"  # here', r"hidden: got 'conv2:3'; expected a window no"),
    ('label = "b"', 'label = "a"  # here', r"label: got 'a'; expected a label of its own"),
    ('metric = "epochs"', 'metric = "epcohs"  # here', r"metric: got 'epcohs'.*did you mean epochs"),
    ('metric = "epochs"', 'metric = "loss"\nepoch = 31  # here', r"epoch: got 31; expected at most the 30"),
    ('metric = "epochs"', 'metric = "epochs"\nepoch = 3  # here', r"epoch: got 3; expected .* with a metric of"),
    ('metric = "epochs"', 'metric = "solved"\nfactor = 2  # here', r"factor: got 2.0; expected .* other than solved"),
    ('arms = ["a"]', 'arms = ["c"]  # here', r"arm: got 'c'; expected one of a, b"),
    ('figure = "one"', 'figure = "on"  # here', r"figure: got 'on'.*did you mean one"),
    ('title = "F"', 'title = "F"\nmark = 0.1  # here', r"mark: got 0.1; expected .* in a figure of kind final"),
    ('direction = "lower"', 'direction = "down"  # here', r"direction: got 'down'; expected one of lower, higher"),
    ("margin = 0.6", "margin = 0.4  # here", r"margin: got 0.4; expected a number of at least 0.5 and below 1"),
    (
        '[[claims]]\nid = "first"',
        '[[claims]]  # here\nid = "first"\nfactor = 2',
        r"margin: got None; expected a number",
    ),
    ("at_least = 0.5", "at_least = 1.5  # here", r"at_least: got 1.5; expected a share"),
    ("at_least = 0.5", "at_least = 0.5\nmargin = 0.6  # here", r"margin: got 0.6; expected none of"),
    ("at_least = 0.5", 'at_least = 0.5\nmetric = "loss"  # here', r"metric: got 'loss'; expected solved, .* `above`"),
    ("at_least = 0.5", "at_least = 0.5\nabove = 0.1  # here", r"above: got 0.1; expected none with solved"),
    (
        "at_least = 0.5",
        'at_least = 0.5\nmetric = "loss"\nabove = nan  # here',
        r"above: got nan; expected a finite number",
    ),
    ("margin = 0.6", "margin = 0.6\nabove = 3  # here", r"above: got 3.0; expected none without at_least or at_most"),
    (
        '[[claims]]\nid = "second"',
        '[[claims]]  # here\nid = "second"',
        r"than: got \[\]; expected arms to compare with",
    ),
    (
        'metric = "epochs"',
        'metric = "epochs"\nuntil = 3  # here',
        r"until: got 3; expected .* with a metric of roughness",
    ),
    ('metric = "epochs"', 'metric = "roughness"\nuntil = 31  # here', r"until: got 31; expected at most the 30"),
    ("successes = 9", "successes = 11  # here", r"successes: got 11; expected successes among `runs`"),
    ("median = 20", "median = 20\nmean = 30  # here", r"mean: got 30; expected one of median, mean, harmonic_mean"),
    ("median = 20", "median = 0  # here", r"median: got 0; expected a finite number of epochs"),
    ("median = 20", "at_least = 2  # here", r"at_least: got 2; expected a share"),
    ("median = 20", "at_least = 0.9  # here", r"at_least: got 0.9; expected no at_least beside runs"),
    ("successes = 9\nruns = 10", "share = 0.009  # here", r"share: got 0.009; expected a share from 0.01 to 1"),
    ("median = 20", "median = 20\nrounded_to = -1  # here", r"rounded_to: got -1; expected a number of epochs"),
    ("median = 20", "median = 20\nrange = [30, 10]  # here", r"range: got \[30, 10\]; expected \[fastest, slowest\]"),
    ("successes = 9\nruns = 10", "range = [10, 30]  # here", r"range: got .* of so many `successes`"),
    ("median = 20", "harmonic_mean = 20\nrange = [10, 30]  # here", r"range: got .* beside no harmonic mean"),
    ("successes = 9\nruns = 10\nmedian = 20", "runs = 10  # here", r"runs: got 10; expected successes among `runs`"),
    ('"near" = { init_scale = 0.5 }', '"near" = 0.5  # here', r"near: got 0.5; expected readings by name"),
    ("stop_rms = 0.1", "stop_rsm = 0.1  # here", r"setting: got 'stop_rsm'.*did you mean stop_rms"),
    ("init_scale = 2.0 }", "init_scael = 2.0 }  # here", r"setting: got 'init_scael'.*did you mean init_scale"),
    ('id = "second"', 'id = "first"  # here', r"id: got 'first'; expected an id of its own"),
    ("lr = 0.3 }]", "lr = -1 }]  # here", r"lr: got -1; expected"),
    ('hidden = ["2x2", "3x3"]', 'hidden = ["2x2", "3y3"]  # here', r"hidden: got '3y3'; expected widths"),
    ('hidden = ["2x2", "3x3"]', 'hiden = ["2x2"]  # here', r"setting: got 'hiden'.*did you mean hidden"),
    ("lr = 0.3 }]", "lr = true }]  # here", r"lr: got True; expected a finite number"),
    ("epochs = 30", "epochs = true  # here", r"epochs: got True; expected a whole number"),
    ('label = "b"', 'label = "a\\nb"  # here', r"label: got 'a\\nb'; expected a line of text"),
    ('id = "second"', 'id = ""  # here', r"id: got ''; expected a line of text"),
    ("[figures.one]", '[figures."../one"]  # here', r"\.\./one: got '\.\./one'; expected a name that a file may have"),
    ("margin = 0.6", f"margin = {10**400}  # here", r"margin: got 10+; expected a finite number"),
    (
        "successes = 9\nruns = 10",
        f"successes = 9  # here\nruns = {10**400}",
        r"successes: got 9; expected successes among `runs`",
    ),
    (
        '[[claims]]\nid = "second"',
        'note = "N"\nsettings = { loss = "bce", output = "tanh" }  # here\n\n[[claims]]\nid = "second"',
        r"output: got 'tanh'; expected sigmoid",
    ),
    ('title = "T"', 'title = "T"\nrates = []  # here', r"rates: got \[\]; expected at least one learning rate"),
    ('title = "T"', 'title = "T"\nrates = [0.1, nan]  # here', r"lr: got nan; expected a finite number"),
    (
        'title = "T"',
        'title = "T"\nfindings = [{ id = "f", title = "F", text = "T", kind = "place", value = nan, '
        'arms = [{ label = "x" }] }]  # here',
        r"value: got nan; expected a finite number",
    ),
    (
        'title = "T"',
        'title = "T"\nfindings = [{ id = "f", title = "F", text = "T", kind = "labels", '
        'printed = [[0, 1], [1, 2], [1, "x"], [0, 1]] }]  # here',
        r"printed: got \[1, 'x'\]; expected \[label, prediction\]",
    ),
    (
        'title = "T"',
        'title = "T"\nfindings = [{ id = "f", title = "F", text = "T", kind = "labels", printed = [[0, 1]] }]  # here',
        r"printed: got 1; expected \[label, prediction\] for each of 4 samples",
    ),
    (
        'title = "T"',
        'title = "T"\nfindings = [{ id = "f", title = "F", text = "T", kind = "rows", '
        'columns = ["a", "b"], rows = [[1]] }]  # here',
        r"rows: got \[1\]; expected a list of 2 values",
    ),
    *(
        ('hidden = ["2x2", "3x3"]', f"{axis}  # here", message)
        for axis, message in (
            ("coded = [{}, { lrr = 0.5 }]", r"setting: got 'lrr'.*did you mean lr"),
            ("coded = [{}, { lr = -1 }]", r"lr: got -1; expected"),
            ("coded = [{}, 0.5]", r"coded: got 0.5; expected tables of settings only"),
            ("coded = { lr = 0.5 }", r"coded: got \[{'lr': 0.5}\]; expected at least two tables of settings"),
            ("hidden = [{}, { lr = 0.5 }]", r"hidden: got .*; expected values of a setting"),
            ("measure = [{}, { lr = 0.5 }]", r"measure: got .*; expected values of a setting"),
            ("coded = [{}, { label = 3, lr = 0.5 }]", r"label: got 3; expected text"),
            ("coded = [{}, { lr = 0.5 }, { lr = 0.5 }]", r"label: got 'lr 0.5'; expected a label of its own"),
            (
                'lr = "best"\ncoded = [{}, { lr = 0.5 }]',
                r"coded: got 'lr'; expected settings that no other axis varies",
            ),
            ("coded = [0.1, 0.5]", r"setting: got 'coded'; expected one of"),
            ("lr = []", r"lr: got \[\]; expected at least one value"),
        )
    ),
    *(
        ("margin = 0.6", f"margin = 0.6\nalternatives = {tables}  # here", message)
        for tables, message in (
            ("[0.5]", r"alternatives: got 0.5; expected tables"),
            ("[{ lr = 0.5 }]", r"key: got 'lr'; expected one of"),
            ("[{ at_least = 0.5 }]", r"key: got 'at_least'; expected one of"),
            ("[{}]", r"alternatives: got {}; expected another measure than the claim's own"),
            ('[{ arms = ["a"] }]', r"alternatives: got .*; expected another measure than the claim's own"),
            ('[{ than = ["c"] }]', r"arm: got 'c'; expected one of a, b"),
            ('[{ arms = [{ label = "c", hidden = "conv2:2" }] }]', r"image: got None; expected the size"),
            ('[{ metric = "epochs", margin = 0.6 }]', r"alternatives: got .*; expected another measure"),
            ('[{ metric = "epcohs" }]', r"metric: got 'epcohs'.*did you mean epochs"),
            ("[{ epoch = 3 }]", r"epoch: got 3; expected .* with a metric of"),
            ('[{ metric = "loss", epoch = 31 }]', r"epoch: got 31; expected at most the 30"),
            ("[{ factor = 0.5 }]", r"factor: got 0.5; expected a number of at least 1"),
            ('[{ metric = "solved", direction = "higher" }]', r"margin: got (None); expected a number"),
            ('[{ metric = "solved", margin = 0.1 }]', r"direction: got None; expected text"),
            ("[{ factor = 2 }, { factor = 2.0 }]", r"label: got 'by a factor 2'; expected a label of its own"),
        )
    ),
    (
        "at_least = 0.5",
        "at_least = 0.5\nalternatives = [{ at_most = 2 }]  # here",
        r"at_most: got 2.0; expected a share",
    ),
    (
        "at_least = 0.5",
        'at_least = 0.5\nalternatives = [{ metric = "loss" }]  # here',
        r"metric: got 'loss'; expected solved",
    ),
    (
        'title = "T"',
        'title = "T"\nsections = [{ id = "s", title = "S" }, { id = "s", title = "S" }]  # here',
        r"id: got 's'; expected an id of its own",
    ),
]
LACKING = {"margin: got None": "margin = 0.6\n", r"than: got \[\]": "at_least = 0.5\n"}


@pytest.mark.parametrize(("old", "new", "message"), WRONG, ids=[new.strip()[:60] for _, new, _ in WRONG])
def test_an_error_has_file_line_and_the_nearest_right_name(tmp_path, old, new, message):
    text = GOOD
    for start, line in LACKING.items():
        text = text.replace(line, "") if message.startswith(start) else text
    assert text.count(old) == 1
    text = text.replace(old, new)
    (here,) = [k for k, line in enumerate(text.split("\n"), 1) if "here" in line]
    with pytest.raises(InvalidSetting, match=rf"^mine\.toml, line {here}: .*{message}"):
        read(tmp_path, text)


# What may stand where a value is, and what may come into a line.
VALUES = (
    "true", "-1", "0", "1.9", "nan", "-inf", "1e400", "9" * 400, "2147483647", '""', '"x"', '"4x4"', '"\\u0000"',
    '"💥\u2028é"', "\'\'\'a\nb\'\'\'", "[]", "[[]]", '[[["a"]]]', "{}", "{ a = { b = [1] } }", '[1, "a", {}]',
    "1979-05-27T07:32:00Z", '[{ label = "x", lr = nan }]', '"best"', "0x7fffffffffffffffffff", '"../x"',
)  # fmt: skip
INSERTED = ("é", "\u2028", "\x00", '"', "[", "}", "'''", "-", " ", "9", "=")
KEYS = (
    *NAMES,
    *sorted({line.partition(" =")[0] for line in GOOD.splitlines() if " =" in line}),
    "mark",
    "epoch",
    "until",
    "factor",
    "above",
    "at_most",
    "rates",
    "vary",
    "columns",
    "rows",
    "printed",
    "value",
    "alternatives",
    "as_coded",
)


def mutated(text, rng):
    """Return the text of a study with a line damaged: its value replaced or nested, itself left out or doubled."""
    lines = text.split("\n")
    k = rng.randrange(len(lines))
    key, equals, value = lines[k].partition("=")
    kind = rng.choice(["value", "value", "value", "nested", "removed", "doubled", "added", "inserted"])
    if kind == "value" and equals:
        lines[k] = f"{key}= {rng.choice(VALUES)}"
    elif kind == "nested" and equals:
        lines[k] = f"{key}= [{value}]"
    elif kind == "removed":
        del lines[k]
    elif kind == "doubled":
        lines.insert(k, lines[k])
    elif kind == "added":
        lines.insert(k + 1, f"{rng.choice(KEYS)} = {rng.choice(VALUES)}")
    else:
        place = rng.randrange(len(lines[k]) + 1)
        lines[k] = lines[k][:place] + rng.choice(INSERTED) + lines[k][place:]
    return "\n".join(lines)


def outcome(path):
    try:
        parse.read(path)
    except InvalidSetting as error:
        return "one line" if len(str(error).splitlines()) == 1 else str(error)
    return "a study"


@pytest.mark.parametrize(("name", "mutations"), [("good", 400), ("lab", 100), ("xor-literature", 100)])
def test_a_damaged_file_is_a_study_or_one_line(tmp_path, name, mutations):
    path, rng = tmp_path / f"{name}.toml", Random(name)
    text = GOOD if name == "good" else shipped()[name].read_text(encoding="utf-8")
    outcomes = Counter()
    for _ in range(mutations):
        path.write_text(mutated(text, rng), encoding="utf-8")
        outcomes[outcome(path)] += 1
    assert outcomes.keys() == {"a study", "one line"}
    assert min(outcomes.values()) > mutations / 20


def test_losses_of_different_kinds_are_not_compared_by_value(tmp_path):
    text = GOOD.replace('label = "b"', 'label = "b"\nloss = "bce"').replace("margin = 0.6", "margin = 0.6\n")
    read(tmp_path, text)  # epochs to solve may be
    for metric in ("loss", "best-loss", "roughness"):
        with pytest.raises(InvalidSetting, match=r"line 25: metric: got .*differ in loss \(bce and mse\)"):
            read(tmp_path, text.replace('"epochs"', f'"{metric}"'))
    text = GOOD.replace('label = "b"', 'label = "b"\noutput = "identity"')
    with pytest.raises(InvalidSetting, match=r"differ in output \(identity and sigmoid\)"):
        read(tmp_path, text.replace('"epochs"', '"loss"'))


def test_a_file_that_is_not_there_or_not_toml_and_a_study_there_is_not(tmp_path):
    (tmp_path / "bad.toml").write_text("= 3")
    (tmp_path / "latin.toml").write_bytes('title = "é"'.encode("latin-1"))
    (tmp_path / "deep.toml").write_text(f"a = {'[' * 5000}{']' * 5000}")
    (tmp_path / "folder.toml").mkdir()
    for name in ("none", "bad", "latin", "deep", "folder"):
        with pytest.raises(InvalidSetting, match=r"study: got .*expected a study's TOML file"):
            parse.read(tmp_path / f"{name}.toml")
    with pytest.raises(InvalidSetting, match=r"study: got 'lbb'; expected one of lab"):
        load("lbb")


def test_line_numbers_of_keys():
    text = '''a = """
b = 1
[c]
"""
x = [  # [y]
  { z = 1 },
]
[t]
k = "#[" # [[
d.e = 2
[[u.v]]
w = 1
[[u.v]]
w = 2
[u.v.n]
o = 1
'''
    lines = line_numbers(text)
    assert lines == {
        ("a",): 1, ("x",): 5, ("t",): 8, ("t", "k"): 9, ("t", "d", "e"): 10, ("u", "v", 0): 11, ("u", "v", 0, "w"): 12,
        ("u", "v", 1): 13, ("u", "v", 1, "w"): 14, ("u", "v", 1, "n"): 15, ("u", "v", 1, "n", "o"): 16,
    }  # fmt: skip
    assert line_of(lines, ("u", "v", 1, "absent")) == 13
    assert line_of(lines, ("absent",)) == 1
    # What ends a line elsewhere is a character of TOML.
    assert line_numbers('a = "\u2028\x85"\nb = 1') == {("a",): 1, ("b",): 2}


def test_the_example_of_the_docstring_is_a_study(tmp_path):
    example = "\n".join(line.removeprefix("    ") for line in parse.__doc__.split("\n\n    ", 1)[1].splitlines())
    study = read(tmp_path, example.rsplit("\n\nA claim", 1)[0])
    assert [claim.id for claim in study.claims] == ["momentum-faster"]

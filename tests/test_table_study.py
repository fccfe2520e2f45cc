"""Studies of tables: from made-up scores to verdicts, and from a file to a page."""

import json
import sys

import numpy as np
import pytest
from document_shape import mismatches

import fnn
from fnn.cli import main
from fnn.data.packaged import SKLEARN, packaged_table
from fnn.ensembles.evaluation import score
from fnn.errors import InvalidSetting
from fnn.report.datasets import dataset_effects
from fnn.report.document import StudyDocument
from fnn.stats.resampled import corrected_interval
from fnn.stats.scores import SCORES
from fnn.stats.strata import interquartile_mean
from fnn.studies.parse import load, read, shipped
from fnn.studies.study import study
from fnn.studies.table_document import table_document
from fnn.studies.table_effects import oriented, table_effect, table_verdicts
from fnn.studies.table_model import setup
from fnn.studies.table_runs import TableScores, run

FOLDS, REPEATS = 5, 2
HEAD = """
title = "Mine"
seeds = 4
[splits]
folds = 5
repeats = 2
[base]
preset = "plain"
hidden = "4"
epochs = 3
[figures.arms]
title = "Two arms"
[[figures.arms.arms]]
label = "a"
[[figures.arms.arms]]
label = "b"
lr = 0.01
"""
CLAIM = """
[[claims]]
id = "{id}"
sentence = "A is better."
figure = "arms"
arms = ["a"]
than = ["b"]
margin = {margin}
{more}
"""


def table(folder, name="mine.csv", rows=60, seed=0, numbers=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    y = x[:, 0] + 0.3 * rng.normal(size=rows)
    words = [f"{v:.5f}" if numbers else "yes" if v > 0 else "no" for v in y]
    lines = [f"{a:.5f},{b:.5f},{c}" for (a, b), c in zip(x, words, strict=True)]
    (folder / name).write_text("u,v,y\n" + "\n".join(lines) + "\n")


def file(folder, *claims, datasets=("mine",), head=HEAD):
    tables = "".join(f'[datasets.{name}]\ndata = "{name}.csv"\ntarget = "y"\n' for name in datasets)
    path = folder / "study.toml"
    path.write_text(head + tables + "".join(claims))
    return path


def claim(id_="c", margin=0.02, more=""):
    return CLAIM.format(id=id_, margin=margin, more=more)


def loaded(folder, *claims, count=1, numbers=False):
    names = ["mine", *(f"more{k}" for k in range(1, count))]
    for k, name in enumerate(names):
        table(folder, f"{name}.csv", seed=k, numbers=numbers)
    return read(file(folder, *claims, datasets=names))


def made_up(spec, lead, *, noise=0.01, of_dataset=lambda k: 0.0, seed=1):
    """Return scores of both arms: log loss about 0.4, that of b higher by `lead` and what the data set adds."""
    rng, splits, results = np.random.default_rng(seed), FOLDS * REPEATS, {}
    for k, (name, dataset) in enumerate(spec.datasets.items()):
        for arm in spec.figures["arms"].arms:
            worse = (lead + of_dataset(k)) * (arm.label == "b")
            together = 0.4 + worse + noise * rng.normal(size=splits)
            members = together[:, None] + 0.05 + noise * rng.normal(size=(splits, 4))
            names = [n for n, s in SCORES.items() if dataset.task in s.tasks]
            results[name, setup(arm.settings, dataset, spec.splitting)] = TableScores(
                dict.fromkeys(names, members), dict.fromkeys(names, together),
                dict.fromkeys(names, np.full(splits, 0.7)), 0.25, 0,
            )  # fmt: skip
    return results


def verdict_of(spec, results):
    return [entry.word for entry in table_verdicts([table_effect(c, spec, results) for c in spec.claims])]


# ---- verdicts ----


@pytest.mark.parametrize(
    ("lead", "noise", "word"),
    [
        (0.1, 0.01, "supported"),
        (-0.1, 0.01, "reversed"),
        (0.0, 0.005, "no difference"),
        (0.01, 0.002, "too small"),
        (0.02, 0.01, "undecided"),
        (-0.008, 0.008, "falls short"),
    ],
)
def test_what_is_truly_so_gets_its_word(tmp_path, lead, noise, word):
    spec = loaded(tmp_path, claim())
    # What a test may miss is not for one draw to show: of most draws the word is this one, and of none the opposite.
    words = [verdict_of(spec, made_up(spec, lead, noise=noise, seed=seed))[0] for seed in range(20)]
    assert max(set(words), key=words.count) == word, words
    assert not ({"supported", "reversed"} - {word}) & set(words) or word in ("undecided", "falls short")


def test_identical_arms_are_no_different(tmp_path):
    same = claim(more="").replace('than = ["b"]', 'than = [{ label = "again" }]')
    spec = loaded(tmp_path, same, claim("p", 0.6, 'effect = "improvement"').replace('than = ["b"]', 'than = ["a"]'))
    results = run(spec, 4, 1, None)
    assert verdict_of(spec, results) == ["no difference"] * 2
    effects = [table_effect(c, spec, results).effect for c in spec.claims]
    assert (effects[0].effect, effects[0].ties) == (0, 1)
    assert effects[1].effect == 0.5


def test_the_effect_on_one_table_is_nadeau_and_bengios(tmp_path):
    spec = loaded(tmp_path, claim())
    results = made_up(spec, 0.05)
    a, b = (results["mine", setup(arm.settings, spec.datasets["mine"], spec.splitting)] for arm in spec.claims[0].arms)
    expected = corrected_interval(b.ensembles["log_loss"] - a.ensembles["log_loss"], 4, 1)
    effect = table_effect(spec.claims[0], spec, results).effect
    assert (effect.effect, effect.low, effect.high) == pytest.approx(expected)
    members = read(file(tmp_path, claim(more='of = "members"')))
    expected = corrected_interval((b.members["log_loss"] - a.members["log_loss"]).mean(axis=1), 4, 1)
    effect = table_effect(members.claims[0], members, results).effect
    assert (effect.effect, effect.low, effect.high) == pytest.approx(expected)


def test_too_few_splits_say_so(tmp_path):
    table(tmp_path)
    spec = read(file(tmp_path, claim(), head=HEAD.replace("repeats = 2", "repeats = 1")))
    results = {
        key: entry._replace(**{name: {k: v[:5] for k, v in getattr(entry, name).items()} for name in entry._fields[:3]})
        for key, entry in made_up(spec, 0.3).items()
    }
    # Five splits that all agree do so by chance in 1 of 16 studies.
    assert verdict_of(spec, results) == ["too few runs"]


def test_no_arm_can_be_better_than_one_at_the_ceiling(tmp_path):
    spec = loaded(tmp_path, claim(more='metric = "accuracy"'))
    results = {
        key: entry._replace(ensembles={**entry.ensembles, "accuracy": np.linspace(0.995, 1, 10)})
        for key, entry in made_up(spec, 0).items()
    }
    assert verdict_of(spec, results) == ["cannot be tested here"]


def test_all_claims_are_corrected_together(tmp_path):
    spec = loaded(tmp_path, *(claim(f"c{k}") for k in range(8)))
    results = made_up(spec, 0.06, noise=0.02)
    alone = table_effect(spec.claims[0], spec, results)
    (one,), many = table_verdicts([alone]), table_verdicts([alone] * 8)
    assert one.p_adjusted == pytest.approx(alone.effect.p)
    assert many[0].p_adjusted == pytest.approx(8 * alone.effect.p)
    assert many[0].p_adjusted < 1


def test_all_comparisons_of_a_claim_have_to_hold(tmp_path):
    both = claim().replace('arms = ["a"]\nthan = ["b"]', 'arms = ["a", "b"]\nthan = ["b"]')
    spec = loaded(tmp_path, both)
    assert verdict_of(spec, made_up(spec, 0.1)) != ["supported"]
    assert table_effect(spec.claims[0], spec, made_up(spec, 0.1)).effect.comparison == 1


# ---- several data sets ----


def test_over_few_data_sets_they_are_fixed_and_over_many_a_sample(tmp_path):
    """One of them differs: within them that is certain, of others it says little."""
    few, many = (loaded(tmp_path, claim(), count=count) for count in (5, 10))
    far = {"of_dataset": lambda k: 0.5 * (k == 0)}
    fixed, sample = (table_effect(s.claims[0], s, made_up(s, 0.0, **far)) for s in (few, many))
    assert not fixed.population
    assert sample.population
    assert fixed.effect.low > 0.09
    assert sample.effect.low < 0
    assert verdict_of(few, made_up(few, 0.0, **far)) == ["supported"]
    assert verdict_of(many, made_up(many, 0.0, **far)) == ["undecided"]
    assert len(fixed.datasets) == 5
    assert fixed.effect.effect == pytest.approx(np.mean([each.interval.estimate for each in fixed.datasets]))


def test_improvement_counts_every_pair_of_networks(tmp_path):
    spec = loaded(tmp_path, claim(margin=0.6, more='effect = "improvement"\nmetric = "log_loss"'), count=2)
    results = made_up(spec, 0.01, noise=0.01)
    effect = table_effect(spec.claims[0], spec, results)
    by_hand = []
    for name in spec.datasets:
        a, b = (results[name, setup(arm.settings, spec.datasets[name], spec.splitting)] for arm in spec.claims[0].arms)
        pairs = [
            (x < y) + (x == y) / 2
            for row, other in zip(a.members["log_loss"], b.members["log_loss"], strict=True)
            for x in row
            for y in other
        ]
        by_hand.append(np.mean(pairs))
    assert effect.effect.effect == pytest.approx(np.mean(by_hand))
    assert 0 <= effect.effect.low < effect.effect.high <= 1


def test_interquartile_means_are_of_all_data_sets_scores(tmp_path):
    spec = loaded(tmp_path, claim(more='aggregate = "interquartile-mean"\nnormalized = true'), count=3)
    results = made_up(spec, 0.05, of_dataset=lambda k: 0.2 * k)
    arms = [
        [results[n, setup(arm.settings, d, spec.splitting)].ensembles["log_loss"] for n, d in spec.datasets.items()]
        for arm in spec.claims[0].arms
    ]
    a, b = (interquartile_mean(1 - np.array(losses) / 0.7) for losses in arms)
    assert table_effect(spec.claims[0], spec, results).effect.effect == pytest.approx(a - b)


def test_normalized_scores_are_0_without_inputs_and_1_at_best():
    blind = np.array([[0.7]])
    loss, accuracy = SCORES["log_loss"], SCORES["accuracy"]
    assert oriented(np.array([[0.7, 0.0, 0.35, 1.4]]), blind, loss, normalized=True).tolist() == [[0, 1, 0.5, -1]]
    values = oriented(np.array([[0.7, 1.0, 0.85]]), blind, accuracy, normalized=True)
    assert values == pytest.approx(np.array([[0, 1, 0.5]]))
    assert oriented(np.array([[0.2]]), blind, loss, normalized=False).tolist() == [[-0.2]]


# ---- runs ----


def test_networks_score_what_a_fit_says_they_do(tmp_path):
    """Seeds of the first split are those that `fit` takes on every split."""
    spec = loaded(tmp_path, claim())
    arm, dataset = spec.claims[0].arms[1], spec.datasets["mine"]
    scores = run(spec, 4, 11, None)["mine", setup(arm.settings, dataset, spec.splitting)]
    fitted = fnn.fit(
        tmp_path / "mine.csv", "y", seeds=4, preset="plain", splitting={"folds": 5, "repeats": 2}, hidden="4",
        epochs=3, lr=0.01, seed=11,
    )  # fmt: skip
    for name in ("log_loss", "accuracy"):
        assert scores.members[name][0] == pytest.approx(fitted.evaluation.members["test"][name][:4])
        first = fitted.evaluation.answers[0]["test"]
        assert scores.ensembles[name][0] == pytest.approx(score(fitted.problem, name, first.mean[None], first.rows)[0])
    assert scores.overlap == pytest.approx(1 / 4)
    assert not np.allclose(scores.members["log_loss"][1], fitted.evaluation.members["test"]["log_loss"][4:8])


def images(folder, rows=60):
    """Write images of 2x3 pixels, of which one is dark in all, and whether they are brighter on the left."""
    pixels = np.random.default_rng(0).random((rows, 6)).round(3)
    pixels[:, 4] = 0
    words = np.where(pixels[:, [0, 3]].sum(axis=1) > pixels[:, [2, 5]].sum(axis=1), "left", "right")
    lines = [",".join([*map(str, row), word]) for row, word in zip(pixels, words, strict=True)]
    (folder / "mine.csv").write_text("a,b,c,d,e,f,y\n" + "\n".join(lines) + "\n")


CONVOLVED = HEAD.replace('preset = "plain"\n', 'image = "2x3"\n').replace('hidden = "4"', 'hidden = "conv2:2-4"')


def test_tables_of_images_keep_every_pixel_and_have_the_preset_for_images_as_a_fit_has(tmp_path):
    images(tmp_path)
    spec = read(file(tmp_path, claim(), head=CONVOLVED))
    arm, dataset = spec.claims[0].arms[1], spec.datasets["mine"]
    scores = run(spec, 4, 11, None)["mine", setup(arm.settings, dataset, spec.splitting)]
    fitted = fnn.fit(
        tmp_path / "mine.csv", "y", seeds=4, splitting={"folds": 5, "repeats": 2}, image="2x3", hidden="conv2:2-4",
        epochs=3, lr=0.01, seed=11,
    )  # fmt: skip
    assert scores.members["log_loss"][0] == pytest.approx(fitted.evaluation.members["test"]["log_loss"][:4])
    dropped = file(tmp_path, claim(), head=CONVOLVED.replace('image = "2x3"', 'image = "5x1"'))
    dropped.write_text(dropped.read_text().replace('target = "y"', 'target = "y"\nconstant = "drop"'))
    assert read(dropped).datasets["mine"].problem.x.shape == (60, 5)


def test_an_image_of_another_size_than_the_rows_is_one_line_with_the_lines_number(tmp_path):
    images(tmp_path)
    text = CONVOLVED.replace('image = "2x3"', 'image = "2x4"')
    with pytest.raises(InvalidSetting, match=r"study.toml, line 8: image: got '2x4x1'; .* of 6 .* set mine, binary"):
        read(file(tmp_path, claim(), head=text))


def test_networks_that_diverge_score_as_an_answer_without_inputs(tmp_path):
    table(tmp_path, numbers=True)
    spec = read(file(tmp_path, claim(margin=0.1, more='metric = "rmse"'), head=HEAD.replace("lr = 0.01", "lr = 1e30")))
    scores = run(spec, 2, 1, None)[
        "mine", setup(spec.claims[0].arms[1].settings, spec.datasets["mine"], spec.splitting)
    ]
    y = spec.datasets["mine"].problem.target.y[:, 0]
    assert scores.failed == 20
    assert scores.members["rmse"][:, 0] == pytest.approx(scores.blind["rmse"])
    assert scores.ensembles["rmse"] == pytest.approx(scores.blind["rmse"])
    assert scores.blind["rmse"].mean() == pytest.approx(y.std(), rel=0.05)


# ---- from a file to a page ----


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for k, name in enumerate(("mine", "more")):
        table(folder, f"{name}.csv", seed=k)
    path = file(folder, claim(), claim("p", 0.6, 'effect = "improvement"'), datasets=("mine", "more"))
    return folder, study(path, out=folder / "out", seed=5)


def test_the_document_is_of_the_stated_shape_and_makes_a_page(made):
    folder, document = made
    assert mismatches(document, StudyDocument) == []
    assert json.loads((folder / "out" / "verdicts.json").read_text()) == document
    assert document["command"] == "fnn study study.toml --seed 5"
    assert document["seeds"] == {"first": 5, "count": 4}
    assert [t["id"] for t in document["tables"]] == ["datasets", "scores-mine", "scores-more"]
    assert [row[0] for row in document["tables"][1]["rows"]] == ["a", "b", "answer without inputs"]
    assert (folder / "out" / "arms.svg").exists()
    text = (folder / "out" / "index.html").read_text()
    assert text.count("Effects by data set") == 2
    assert "over all" in text


def test_a_claim_of_one_data_set_has_no_forest(made):
    _, document = made
    entry = document["claims"]["c"]
    assert [each["name"] for each in entry["datasets"]] == ["mine", "more"]
    assert dataset_effects(entry).count("<tr") == 4
    assert dataset_effects({**entry, "datasets": entry["datasets"][:1]}) is None


def test_runs_of_the_same_seeds_say_the_same(made):
    folder, document = made
    again = study(folder / "study.toml", seed=5, threads=1)
    assert again["claims"]["c"] == {**document["claims"]["c"], "figure": None}


def test_words_say_over_what_the_interval_is(made, tmp_path):
    _, document = made
    words = document["claims"]["c"]["words"]
    assert "2 data sets, 10 splits each" in words
    assert "which are fixed" in words
    spec = loaded(tmp_path, claim(), count=10)
    many = table_document(spec, made_up(spec, 0.1), range(4), "")["claims"]["c"]["words"]
    assert "over 10 data sets, and the interval is over them" in many


def test_data_sets_that_disagree_are_named(tmp_path):
    spec = loaded(tmp_path, claim(), count=3)
    results = made_up(spec, 0.0, of_dataset=lambda k: (0.2, 0.0, -0.2)[k])
    words = table_document(spec, results, range(4), "")["claims"]["c"]["words"]
    assert "Each by itself, it is worth the name on mine, as much the other way on more2." in words
    assert "more1" not in words


# ---- what cannot be ----


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ('data = "mine.csv"', 'data = "nope.csv"', "data: got 'nope.csv'", "a file that is there"),
        ('target = "y"', 'target = "z"', "target: got 'z'", "one of"),
        ('target = "y"', "", "target: got None", "the column to learn"),
        ('data = "mine.csv"', 'data = "sklearn:vine"', "data: got 'sklearn:vine'", "did you mean wine"),
        ('target = "y"', 'target = "y"\nmising = "mean"', "key: got 'mising'", "did you mean missing"),
        ('target = "y"', 'target = "y"\nheader = "no"', "header: got 'no'", "true or false"),
        ("margin = 0.02", 'margin = 0.02\nmetric = "log-los"', "metric: got 'log_los'", "did you mean log_loss"),
        ("margin = 0.02", 'margin = 0.02\nmetric = "rmse"', "metric: got 'rmse'", "data set mine is binary"),
        ("margin = 0.02", 'margin = 0.02\neffect = "improvement"', "margin: got 0.02", "above 0.5"),
        ("margin = 0.02", "margin = 0", "margin: got 0.0", "above 0"),
        ("margin = 0.02", 'margin = 0.02\ndatasets = ["more"]', "data set: got 'more'", "one of mine"),
        (
            "margin = 0.02", 'margin = 0.6\neffect = "improvement"\nof = "ensemble"', "of: got 'ensemble'", "members",
        ),
        ("lr = 0.01", 'loss = "mse"\noutput = "identity"', "output: got 'identity'", "sigmoid"),
        ("lr = 0.01", 'task = "regression"', "setting: got 'task'", "one of preset"),
        ("lr = 0.01", 'preset = "tables"', "preset: got 'tables'", "did you mean table"),
        ("lr = 0.01", "seed = 3", "setting: got 'seed'", "one of preset"),
        ("lr = 0.01", "folds = 3", "setting: got 'folds'", "one of preset"),
        ("folds = 5", "folds = 500", "folds: got 500", "data set mine"),
        ("repeats = 2", "per_seed = true", "key: got 'per_seed'", "one of folds"),
        ("seeds = 4", "seeds = 1", "seeds: got 1", "2"),
        ("seeds = 4", "draws = 4", "key: got 'draws'", "one of title"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_the_lines_number(tmp_path, capsys, monkeypatch, before, after, line, words):
    monkeypatch.chdir(tmp_path)
    table(tmp_path)
    path = file(tmp_path, claim())
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
    assert main.run(["study", "study.toml"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    key = line.partition(":")[0]
    rows = enumerate(path.read_text().split("\n"), 1)
    expected = max((k for k, row in rows if row.startswith(f"{key} =")), default=None)
    assert "study.toml, line " in error
    if expected and key in after:
        assert f"study.toml, line {expected}: " in error
    assert line in error
    assert words in error
    assert not (tmp_path / "fnn-study-study").exists()


def test_units_that_differ_between_data_sets_are_not_averaged(tmp_path):
    for k, name in enumerate(("mine", "more")):
        table(tmp_path, f"{name}.csv", seed=k, numbers=True)
    with pytest.raises(InvalidSetting, match=r"line 25: normalized: got False; expected true, or effect improvement"):
        read(file(tmp_path, claim(more='metric = "rmse"'), datasets=("mine", "more")))
    read(file(tmp_path, claim(more='metric = "rmse"\nnormalized = true'), datasets=("mine", "more")))


@pytest.mark.parametrize("options", [["--draws", "3"], ["--multiverse"], ["--until-decided"], ["--seeds", "1"]])
def test_what_a_study_of_tables_has_not_is_refused(tmp_path, capsys, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    table(tmp_path)
    file(tmp_path, claim())
    assert main.run(["study", "study.toml", *options]) == 2
    assert options[0] in capsys.readouterr().err
    assert not (tmp_path / "fnn-study-study").exists()


def test_without_scikit_learn_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InvalidSetting, match=r"presets.toml, line \d+: data: .*python -m pip install scikit-learn"):
        load("presets")


@pytest.mark.parametrize("name", SKLEARN)
def test_tables_of_scikit_learn_are_what_it_ships(name):
    datasets = pytest.importorskip("sklearn.datasets")
    columns = packaged_table(f"sklearn:{name}")
    bunch = getattr(datasets, f"load_{name}")()
    *inputs, target = columns.values()
    assert np.array_equal(np.stack(inputs, axis=1), bunch.data)
    named = np.array(bunch.target_names).astype(str)[bunch.target] if SKLEARN[name].classes else bunch.target
    assert np.array_equal(target, named)
    assert list(columns)[-1] == SKLEARN[name].target


def test_the_shipped_study_compares_the_preset_with_itself_without_each_part():
    pytest.importorskip("sklearn")
    spec = load("presets")
    assert "presets" in shipped()
    whole, *without = spec.figures["parts"].arms
    assert whole.settings == {"preset": "table"}
    for dataset in spec.datasets.values():
        setups = [setup(arm.settings, dataset, spec.splitting) for arm in without]
        smoothed = 0 if dataset.task == "regression" else 1
        assert len({setup(whole.settings, dataset, spec.splitting), *setups}) == len(setups) + smoothed
    claimed = {c.arms[1].label for c in spec.claims if c.figure == "parts"}
    assert claimed == {arm.label for arm in without}


@pytest.mark.slow
def test_the_shipped_study_runs(tmp_path):
    pytest.importorskip("sklearn")
    document = study("presets", seeds=2, out=tmp_path)
    assert mismatches(document, StudyDocument) == []
    assert document["command"] == "fnn study presets --seeds 2"
    assert document["counts"]["too few runs"] == 0

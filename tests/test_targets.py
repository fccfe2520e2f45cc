import numpy as np
import pytest

from fnn.data.columns import Column, Table
from fnn.data.reading import read_table
from fnn.data.targets import TASKS, read_target, resolve_columns
from fnn.errors import InvalidSetting

WINE = np.random.default_rng(2).choice([3.0, 4, 5, 6, 7, 8], 120)
YES = Column("yes", "boolean", np.array([1.0, 0, 0, 1] * 30))
COLOUR = Column("colour", "text", np.array([2, 0, 0, 2] * 30, np.int32), ("blue", "green", "red"))
DAY = Column("day", "date", np.array([0, 1] * 60, np.int32), ("2024-01-01", "2024-01-02"))


def numbers(name, values):
    return Column(name, "number", np.asarray(values, np.float64))


def table(*columns):
    for column in columns:
        column.values.flags.writeable = False
    return Table(columns, "arrays")


def target(*columns, task=None):
    there = table(*columns)
    return read_target(there, there.names, task)


# ---- which columns ----

NAMED = table(*(numbers(name, np.arange(3)) for name in ("acid", "Quality", "3", "a, b", "last")))


@pytest.mark.parametrize(
    ("words", "names"),
    {
        "Quality": ("Quality",),
        "2": ("Quality",),
        "3": ("3",),  # a name before a place
        "4": ("a, b",),
        "-1": ("last",),
        "-5": ("acid",),
        "acid,last": ("acid", "last"),
        " last , 1": ("last", "acid"),
        "a, b": ("a, b",),  # with a comma of its own
        2: ("Quality",),
        -1: ("last",),
        np.int64(1): ("acid",),
        ("last", "acid"): ("last", "acid"),
        ("a, b", 1): ("a, b", "acid"),
        ("1,2", "last"): ("acid", "Quality", "last"),
    }.items(),
)
def test_columns_by_name_and_place(words, names):
    assert resolve_columns(NAMED, words) == names


@pytest.mark.parametrize(
    ("words", "message"),
    {
        "quality": "target: got 'quality'; expected one of .*did you mean Quality",
        "6": "target: got '6'; expected a column's name, or its place from 1 to 5",
        "-6": "place from 1 to 5",
        "0": "place from 1 to 5",
        "": "target: got ''",
        "acid,,last": "target: got ''",
        "acid,1": "target: got 'acid,1'; expected one column or more, none of them twice",
        (): "one column or more",
        None: "target: got None",
        True: "target: got True",
        2.0: "target: got 2.0",
        (("acid",),): "target: got \\('acid',\\)",
    }.items(),
)
def test_columns_that_are_not_there(words, message):
    with pytest.raises(InvalidSetting, match=message):
        resolve_columns(NAMED, words)


def test_of_many_columns_the_nearest_are_named():
    many = table(*(numbers(f"x{k}", [0.0]) for k in range(10_000)))
    with pytest.raises(InvalidSetting, match="ignore: got 'x99999'; expected one of") as error:
        resolve_columns(many, "x99999", "ignore")
    assert "x9999" in str(error.value)
    assert len(str(error.value)) < 300


# ---- what is learnt of them ----


def test_binary_by_hand():
    two = target(COLOUR)
    # Of the categories those that rows have, in order: green is not there.
    assert two[:4] == (("colour",), "binary", ("blue", "red"), "text")
    assert two.y.tolist() == [[1.0], [0.0], [0.0], [1.0]] * 30
    assert target(YES)[1:4] == ("binary", ("false", "true"), "boolean")
    assert target(YES).y.tolist() == [[1.0], [0.0], [0.0], [1.0]] * 30
    assert target(numbers("n", [2, 1, 2, 2]))[1:4] == ("binary", ("1", "2"), "number")
    assert target(numbers("n", [2, 1, 2, 2])).y.tolist() == [[1], [0], [1], [1]]


@pytest.mark.parametrize(
    ("words", "classes", "y"),
    [
        (["yes", "no", "no"], ("no", "yes"), [1, 0, 0]),
        (["No", "YES", "no", "yes"], ("No", "YES"), [0, 1, 0, 1]),  # as it is first spelled, not the first in order
        (["no", "NO", "Yes", "yes"], ("no", "Yes"), [0, 0, 1, 1]),
        (["True", "False", "True"], ("False", "True"), [1, 0, 1]),
        ([" true ", "no", "yes"], ("no", "true"), [1, 0, 1]),
        (["Y", "N", "N"], ("N", "Y"), [1, 0, 0]),
        (["t", "f", "t"], ("f", "t"), [1, 0, 1]),
    ],
)
def test_yes_and_no_are_classes_in_the_words_of_the_table(words, classes, y):
    read = read_target(read_table({"label": words * 2, "x": np.arange(2.0 * len(words))}), ("label",))
    assert read[:4] == (("label",), "binary", classes, "text")
    assert read.y[: len(words), 0].tolist() == y


def test_booleans_that_are_no_words_stay_booleans():
    read = read_table({"label": np.array([True, False] * 2), "listed": [True, None, False, True], "x": np.arange(4.0)})
    assert read.column("label").categories == read.column("listed").categories == ()
    assert read_target(read, ("label",))[2:4] == (("false", "true"), "boolean")


def test_several_columns_of_yes_and_no_have_words_each():
    read = read_table(
        {"sour": ["yes", "no", "no"], "sweet": ["F", "T", "F"], "dry": ["False", "False", "TRUE"],
         "red": np.array([True, False, True]), "old": [1, 0, 1], "same": ["no", "no", "no"]}
    )  # fmt: skip
    both = read_target(read, ("sour", "dry"))
    assert (both.task, both.classes, both.class_kind) == ("multilabel", (), "text")
    assert both.label_words == (("no", "yes"), ("False", "TRUE"))
    assert both.y.T.tolist() == [[1, 0, 0], [0, 0, 1]]
    # Where one has words, the others are written as the same text would have them.
    mixed = read_target(read, ("red", "old", "sour"))
    assert mixed.label_words == (("false", "true"), ("0", "1"), ("no", "yes"))
    assert read_target(read, ("red", "old")).class_kind == "boolean"
    assert read_target(read, ("red", "old")).label_words == ()


def test_the_digest_of_a_table_does_not_depend_on_how_true_is_written():
    digests = {read_table({"a": words}).digest for words in (["yes", "no"], ["True", "FALSE"], [True, False])}
    assert len(digests) == 1


def test_whole_numbers_of_few_values_are_classes():
    wine = target(numbers("quality", WINE))
    assert wine[:4] == (("quality",), "multiclass", ("3", "4", "5", "6", "7", "8"), "number")
    assert wine.y.shape == (120, 6)
    assert np.array_equal(wine.y @ np.arange(3, 9), WINE)
    assert set(wine.y.ravel()) == {0, 1}


def test_one_hot_is_scikit_learns():
    pre = pytest.importorskip("sklearn.preprocessing")
    words = np.random.default_rng(4).choice(["c", "a", "é", "b b", "B"], 90)
    read = read_table({"label": words, "x": np.arange(90.0)})
    there = read_target(read, ("label",))
    expected = pre.LabelBinarizer().fit(words)
    assert there.classes == tuple(expected.classes_)
    assert np.array_equal(there.y, expected.transform(words))


TASK_OF = {
    "20 values, 10 rows of each": ("multiclass", np.tile(np.arange(20), 10)),
    "21 values": ("regression", np.tile(np.arange(21), 10)),
    "10 values, fewer than 10 rows of each": ("regression", np.tile(np.arange(10), 10)[:-1]),
    "two values of few rows": ("binary", [0, 1, 1, 0]),
    "two values that are not whole": ("regression", [0.5, 1.5] * 100),
    "three values, one not whole": ("regression", [0, 1, 1.5] * 100),
    "numbers": ("regression", np.linspace(0, 1, 50)),
}


@pytest.mark.parametrize("name", TASK_OF)
def test_the_task_of_numbers(name):
    task, values = TASK_OF[name]
    assert target(numbers("n", values)).task == task


def test_the_task_is_inferred_unless_it_is_set():
    wine = target(numbers("quality", WINE), task="regression")
    assert wine[:4] == (("quality",), "regression", (), "number")
    assert np.array_equal(wine.y[:, 0], WINE)
    two = target(COLOUR, task="multiclass")
    assert (two.task, two.y.shape) == ("multiclass", (120, 2))
    halves = target(numbers("half", [0.5, 1.5, -0.0, 0.0] * 9), task="multiclass")
    assert halves.classes == ("0", "0.5", "1.5")
    assert target(YES, task="multilabel").y.shape == (120, 1)


def test_several_columns():
    zeros_and_ones = numbers("n", [0, 1] * 60)
    both = target(YES, zeros_and_ones)
    assert both[:4] == (("yes", "n"), "multilabel", (), "boolean")
    assert np.array_equal(both.y, np.stack((YES.values, zeros_and_ones.values), axis=1))
    assert target(zeros_and_ones, zeros_and_ones._replace(name="m"))[1:4] == ("multilabel", (), "number")
    several = target(numbers("quality", WINE), zeros_and_ones)
    assert several[:4] == (("quality", "n"), "regression", (), "number")
    assert np.array_equal(several.y, np.stack((WINE, zeros_and_ones.values), axis=1))


NAN, LATER = np.array([1.0, np.nan, 3, np.nan]), np.array([0, 1, 1, -1], np.int32)
BAD = {
    "an unknown task": ((YES,), "ranking", "task: got 'ranking'; expected one of binary"),
    "missing numbers": ((numbers("n", NAN),), None, "'n'; expected a value in each row; 2 are missing, first in row 2"),
    "a missing class": ((Column("c", "text", LATER, ("a", "b")),), None, "'c'; .*; 1 is missing, first in row 4"),
    "one class": ((COLOUR._replace(values=np.full(9, 1, np.int32)),), None, "'colour'; .*all rows have one class"),
    "one number": ((numbers("n", [2.5] * 9),), None, "'n'; .*all rows have one value"),
    "one label of several": ((YES, numbers("n", [1] * 120)), None, "'n'; .*all rows have one value"),
    "dates": ((DAY,), None, "'day'; expected numbers or classes; these are dates"),
    "a class for each row": ((Column("id", "text", np.arange(9, dtype=np.int32), tuple("abcdefghi")),), None,
                             "'id'; expected at most 4 classes for 9 rows; it has 9"),
    "1,001 classes": ((numbers("n", np.tile(np.arange(1001), 3)),), "multiclass",
                      "at most 1,000 classes for 3,003 rows; it has 1,001, or task = regression"),
    "six classes for two": ((numbers("n", WINE),), "binary", "got 'binary'; expected two classes; column n has 6"),
    "two columns for one": ((YES, numbers("n", WINE)), "binary", "expected one target column; 2 are given"),
    "two columns of many": ((YES, numbers("n", WINE)), "multiclass", "expected one target column; 2 are given"),
    "text for numbers": ((COLOUR,), "regression", "expected numbers; column colour is text"),
    "yes and no for numbers": ((YES,), "regression", "expected numbers; column yes is boolean"),
    "text for labels": ((YES, COLOUR), "multilabel", "true and false or 0 and 1; column colour has others"),
    "numbers and text": ((numbers("n", WINE), COLOUR), None, "n of number, colour of text"),
    "numbers and booleans": ((numbers("n", WINE), YES), None, "n of number, yes of boolean"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_learnt_is_refused_in_one_line(name):
    columns, task, message = BAD[name]
    with pytest.raises(InvalidSetting, match=message) as error:
        target(*columns, task=task)
    assert "\n" not in str(error.value)


def test_classes_that_do_not_fit_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr("fnn.checks.memory", lambda: 120 * 6 * 8 - 1)
    with pytest.raises(InvalidSetting, match="target: got 'quality'; expected what fits the memory"):
        target(numbers("quality", WINE))


def test_each_task_names_itself():
    columns = {"binary": YES, "multiclass": COLOUR, "multilabel": YES, "regression": numbers("n", WINE)}
    for task in TASKS:
        assert target(columns[task], task=task).task == task

import json
import time

import numpy as np
import pytest

from fnn.data.columns import Column, Table
from fnn.data.encoding import (
    MISSING,
    Encoder,
    Feature,
    complete_rows,
    encode,
    encoder_document,
    encoder_from_document,
    learn_encoder,
)
from fnn.data.reading import read_table
from fnn.errors import InvalidSetting

NAN = np.nan


def text(name, words, categories=None):
    """Return a column of text; None for a word that is missing. categories: in the order that the column has them."""
    categories = categories or tuple(sorted({word for word in words if word}))
    places = [categories.index(word) if word else -1 for word in words]
    return Column(name, "text", np.array(places, np.int32), categories)


def table(*columns):
    for column in columns:
        column.values.flags.writeable = False
    return Table(columns, "arrays")


def number(name, values, kind="number"):
    return Column(name, kind, np.array(values, np.float64))


ACID, TRUE = number("acid", [1, 2.5, -3, 4, 5]), number("organic", [1, 0, 0, 1, 1], "boolean")
# Another category comes first, and one is in no row.
COLOUR = text("colour", ["red", "white", "red", "rosé", "white"], ("white", "blue", "rosé", "red"))
WHOLE = table(ACID, COLOUR, TRUE)
GAPS = table(
    number("acid", [1, NAN, 3, 4, NAN]), text("colour", ["red", None, "white", "red", "red"]),
    number("organic", [1, 0, NAN, 0, 1], "boolean"), number("sugar", [1, 2, 3, 4, 5]),
)  # fmt: skip


def test_encoding_by_hand():
    encoder = learn_encoder(WHOLE)
    assert encoder.features == (
        Feature("acid", "number", (), False),
        Feature("colour", "category", ("red", "rosé", "white"), False),
        Feature("organic", "boolean", (), False),
    )
    assert encoder.x_names == ("acid", "colour=red", "colour=rosé", "colour=white", "organic")
    assert encoder.inputs == 5
    expected = [[1, 1, 0, 0, 1], [2.5, 0, 0, 1, 0], [-3, 1, 0, 0, 0], [4, 0, 1, 0, 1], [5, 0, 0, 1, 1]]
    x = encode(encoder, WHOLE)
    assert (x.dtype, x.tolist()) == (np.float64, expected)
    assert encode(encoder, WHOLE, np.float32).dtype == np.float32


def test_columns_are_matched_by_name_and_categories_by_word():
    other = table(
        TRUE, text("colour", ["white", "red", "red", "rosé", "white"], ("rosé", "white", "red", "pink")), ACID
    )
    x = encode(learn_encoder(WHOLE), other)
    assert x[:, 1:4].tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert np.array_equal(x[:, 0], ACID.values)
    assert np.array_equal(x[:, 4], TRUE.values)


def test_many_rows_are_scikit_learns_and_those_of_each_alone():
    pre = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(3)
    words, values = rng.choice(list("zyxwv"), 5000), rng.normal(size=5000)
    read = read_table({"n": values, "word": words})
    encoder = learn_encoder(read)
    x = encode(encoder, read)
    one_hot = pre.OneHotEncoder(sparse_output=False).fit(words[:, None])
    assert np.array_equal(x, np.concatenate((values[:, None], one_hot.transform(words[:, None])), axis=1))
    assert np.array_equal(x[4090:], encode(encoder, read.take(slice(4090, None))))


# ---- missing values ----


def test_missing_values_are_an_error_by_themselves():
    with pytest.raises(
        InvalidSetting, match=r"data: got '2 values missing in column acid'; expected .* missing = mean"
    ):
        learn_encoder(GAPS)
    with pytest.raises(InvalidSetting, match="1 value missing in column colour"):
        learn_encoder(GAPS.drop(("acid",)))
    encoder = learn_encoder(WHOLE)
    with pytest.raises(InvalidSetting, match="2 values missing in column acid"):
        encode(encoder, GAPS, passed_over=("sugar",))


def test_mean_leaves_numbers_to_be_filled_and_no_category():
    x = encode(learn_encoder(GAPS, missing="mean"), GAPS)
    expected = [[1, 1, 0, 1, 1], [NAN, 0, 0, 0, 2], [3, 0, 1, NAN, 3], [4, 1, 0, 0, 4], [NAN, 1, 0, 1, 5]]
    assert np.array_equal(x, expected, equal_nan=True)


def test_indicators_of_columns_that_lack_values():
    encoder = learn_encoder(GAPS, missing="indicator")
    names = ("acid", "acid missing", "colour=red", "colour=white", "colour missing", "organic", "organic missing")
    assert encoder.x_names == (*names, "sugar")
    expected = [
        [1, 0, 1, 0, 0, 1, 0, 1],
        [NAN, 1, 0, 0, 1, 0, 0, 2],
        [3, 0, 0, 1, 0, NAN, 1, 3],
        [4, 0, 1, 0, 0, 0, 0, 4],
        [NAN, 1, 1, 0, 0, 1, 0, 5],
    ]
    assert np.array_equal(encode(encoder, GAPS), expected, equal_nan=True)
    # A column that lacked none at training has no indicator, and is filled.
    later = table(*GAPS.columns[:3], number("sugar", [NAN] * 5))
    assert np.isnan(encode(encoder, later)[:, -1]).all()


def test_rows_that_lack_a_value_are_dropped():
    encoder = learn_encoder(GAPS, missing="drop")
    kept = complete_rows(GAPS, encoder)
    assert kept.tolist() == [True, False, False, True, False]
    # The categories are those of rows that are kept.
    assert encode(encoder, GAPS.take(kept)).tolist() == [[1, 1, 1, 1], [4, 1, 0, 4]]
    with pytest.raises(InvalidSetting, match="missing: got 'drop'; expected a row that lacks no value"):
        learn_encoder(table(number("a", [1, 2, NAN, NAN]), number("b", [NAN, NAN, 1, 2])), missing="drop")


def test_columns_that_are_left_out_drop_no_rows():
    there = table(number("a", [1, 2, 3]), number("empty", [NAN] * 3), number("same", [7, NAN, 7]))
    encoder = learn_encoder(there, missing="drop")
    assert encoder.dropped == (("empty", "no values"), ("same", "constant"))
    assert complete_rows(there, encoder).all()


# ---- columns that say nothing ----


def test_columns_of_one_value_are_left_out_and_said():
    more = (number("k", [2] * 5), text("one", ["a"] * 5, ("a", "b")), number("no", [0] * 5, "boolean"))
    more += (number("empty", [NAN] * 5), text("nothing", [None] * 5, ("a",)))
    encoder = learn_encoder(table(*more, *WHOLE.columns))
    constant = (("k", "constant"), ("one", "constant"), ("no", "constant"))
    assert encoder.dropped == (*constant, ("empty", "no values"), ("nothing", "no values"))
    assert [feature.name for feature in encoder.features] == ["acid", "colour", "organic"]
    # They may be there or not, and hold whatever they like.
    assert np.array_equal(encode(encoder, WHOLE), encode(encoder, table(*WHOLE.columns, number("k", [NAN] * 5))))
    with pytest.raises(InvalidSetting, match="a column to learn from: all have one value, or none"):
        learn_encoder(table(*more))


def test_what_is_missing_is_all_that_a_constant_column_says():
    there = table(number("seen", [1, NAN, 1]), number("a", [1, 2, 3]))
    assert learn_encoder(there, missing="indicator").x_names == ("seen", "seen missing", "a")
    assert learn_encoder(there, missing="mean").x_names == ("a",)


def test_ignored_columns_are_no_features():
    encoder = learn_encoder(table(*WHOLE.columns, text("id", list("abcde"))), ignore=("id",))
    assert encoder == learn_encoder(WHOLE)


REFUSED = {
    "dates": (Column("day", "date", np.array([0, 1, 1], np.int32), ("2024-01-01", "2024-01-02")),
              "dates in column day'; expected numbers made of them, such as the year; or ignore day"),
    "names of rows": (text("id", list("abcde")), "another text in every row of column id'; .* ignore id"),
    "names of some rows": (text("id", ["a", None, "b", "c"]), "in every row of column id"),
    "1,001 categories": (text("city", [f"c{k % 1001}" for k in range(2002)]),
                         "1,001 categories in column city'; expected at most 1,000"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_columns_that_are_no_inputs_are_refused(name):
    column, message = REFUSED[name]
    with pytest.raises(InvalidSetting, match=message):
        learn_encoder(table(column), missing="mean")


def test_two_categories_of_two_rows_and_a_thousand_are_inputs():
    assert learn_encoder(table(text("c", ["a", "b"]))).inputs == 2
    assert learn_encoder(table(text("c", [f"c{k % 1000}" for k in range(1001)]))).inputs == 1000


@pytest.mark.parametrize("name", ["missing", "unknown"])
def test_unknown_words_are_refused(name):
    with pytest.raises(InvalidSetting, match=f"{name}: got 'skip'; expected one of"):
        learn_encoder(WHOLE, **{name: "skip"})


# ---- another table ----


def test_an_unknown_category_is_none_of_them_or_an_error():
    other = table(ACID, TRUE, text("colour", ["red", "white", "red", "blue", "pink"]))
    encoder = learn_encoder(WHOLE)
    assert encode(encoder, other)[:, 1:4].sum(axis=1).tolist() == [1, 1, 1, 0, 0]
    strict = encoder._replace(unknown="error")
    with pytest.raises(InvalidSetting, match=r"data: got 'blue in column colour, row 4'; expected red, rosé, white"):
        encode(strict, other)
    with pytest.raises(InvalidSetting, match=r"row 1,004"):
        encode(strict, other, first_row=1001)
    # A missing one is missing, not unknown; a category that no row has is no category.
    gaps = table(ACID, TRUE, text("colour", ["red", None, "white", "red", "rosé"], ("pink", "red", "rosé", "white")))
    assert encode(strict._replace(missing="mean"), gaps)[:, 1:4].sum(axis=1).tolist() == [1, 0, 1, 1, 1]


def test_columns_that_lack_or_are_too_many_are_refused():
    encoder = learn_encoder(WHOLE)
    with pytest.raises(InvalidSetting, match="got 'columns colour, organic'; expected column acid too, as at training"):
        encode(encoder, WHOLE.drop(("acid",)))
    more = table(*WHOLE.columns, number("Acid", [0] * 5), number("quality", [0] * 5))
    with pytest.raises(InvalidSetting, match=r"got 'columns Acid, quality'; .* as at training: acid, colour, organic"):
        encode(encoder, more)
    assert np.array_equal(encode(encoder, more, passed_over=("Acid", "quality", "other")), encode(encoder, WHOLE))
    with pytest.raises(InvalidSetting, match="expected column acid too"):
        complete_rows(WHOLE.drop(("acid",)), encoder)


def replaced(column):
    return table(*(column if other.name == column.name else other for other in WHOLE.columns))


KINDS = {
    "text for numbers": (text("acid", list("aabbb")), "column acid of text'; expected of number"),
    "numbers for text": (number("colour", range(5)), "column colour of number'; expected of category"),
    "numbers for true and false": (number("organic", range(5)), "column organic of number'; expected of boolean"),
    "dates": (Column("acid", "date", np.zeros(5, np.int32), ("2024-01-01",)), "column acid of date"),
}


@pytest.mark.parametrize("name", KINDS)
def test_columns_of_another_kind_are_refused(name):
    column, message = KINDS[name]
    with pytest.raises(InvalidSetting, match=message):
        encode(learn_encoder(WHOLE), replaced(column))


def test_kinds_that_mean_the_same_and_columns_without_a_value_are_taken():
    encoder = learn_encoder(WHOLE, missing="mean")
    x = encode(encoder, WHOLE)
    assert np.array_equal(encode(encoder, replaced(TRUE._replace(kind="number"))), x)
    assert encode(encoder, replaced(number("acid", [1, 0, 0, 1, 1], "boolean")))[:, 0].tolist() == [1, 0, 0, 1, 1]
    assert np.isnan(encode(encoder, replaced(text("acid", [None] * 5)))[:, 0]).all()
    assert not encode(encoder, replaced(number("colour", [NAN] * 5)))[:, 1:4].any()


def test_no_rows_are_no_inputs():
    assert encode(learn_encoder(WHOLE), WHOLE.take(slice(0))).shape == (0, 5)


# ---- as JSON ----


@pytest.mark.parametrize("missing", MISSING)
def test_an_encoder_comes_back_from_json(missing):
    there = WHOLE if missing == "error" else GAPS
    encoder = learn_encoder(table(*there.columns, number("k", [2] * 5)), missing=missing, unknown="error")
    assert encoder.dropped
    assert encoder_from_document(json.loads(json.dumps(encoder_document(encoder)))) == encoder


def places(value, path=()):
    """Yield the path to each value in a JSON document, and to the document itself."""
    yield path
    if isinstance(value, (dict, list)):
        for key, inside in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inside, (*path, key))


def changed(document, path, value):
    if not path:
        return value
    copy = json.loads(json.dumps(document))
    inside = copy
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return copy


def test_odd_values_anywhere_are_refused_or_make_an_encoder_that_works():
    encoder = Encoder((*learn_encoder(GAPS, missing="indicator").features,), "indicator", "none", (("k", "constant"),))
    document = json.loads(json.dumps(encoder_document(encoder)))
    refused = []
    for path in places(document):
        for odd in (None, True, 0, -1.5, "", "red", [], [[]], ["red", "red"], {}, {"name": 1}, "category", "number"):
            try:
                changed_encoder = encoder_from_document(changed(document, path, odd))
            except InvalidSetting as error:
                refused.append(error.name)
                continue
            # What is let through is an encoder, whose own document is what was given.
            assert changed_encoder.inputs == len(changed_encoder.x_names)
            assert json.loads(json.dumps(encoder_document(changed_encoder))) == changed(document, path, odd)
    assert set(refused) == {"model"}
    assert len(refused) > 200


DOCUMENTS = {
    "no features": {"features": []},
    "a feature twice": {"features": [["a", "number", [], False]] * 2},
    "a feature that was left out": {"features": [["k", "number", [], False]]},
    "a category twice": {"features": [["a", "category", ["u", "u"], False]]},
    "a category of none": {"features": [["a", "category", [], False]]},
    "a number of categories": {"features": [["a", "number", ["u"], False]]},
    "an indicator of nothing": {"features": [["a", "number", [], True]]},
    "an unknown rule": {"missing": "skip"},
    "an entry too many": {"more": 1},
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_that_contradict_themselves_are_refused(name):
    good = {
        "features": [["a", "number", [], False]],
        "missing": "mean",
        "unknown": "none",
        "dropped": [["k", "constant"]],
    }

    def document(entries):
        features = [dict(zip(Feature._fields, values, strict=True)) for values in entries["features"]]
        return entries | {"features": features}

    assert encoder_from_document(document(good)).inputs == 1
    with pytest.raises(InvalidSetting, match="model: got"):
        encoder_from_document(document(good | DOCUMENTS[name]))


@pytest.mark.slow
def test_encoding_takes_no_longer_than_a_few_copies():
    rng = np.random.default_rng(0)
    columns = [number(f"x{k}", rng.normal(size=200_000)) for k in range(46)]
    columns += [
        Column(f"c{k}", "text", rng.integers(0, 8, 200_000).astype(np.int32), tuple("abcdefgh")) for k in range(4)
    ]
    there = table(*columns)
    encoder = learn_encoder(there)
    x = encode(encoder, there)

    def seconds(function):
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            function()
            times.append(time.perf_counter() - begin)
        return min(times)

    assert seconds(lambda: encode(encoder, there)) < 8 * seconds(x.copy)

"""Tables read from text, against pandas and what the text says."""

import csv
import io
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

from fnn.data.columns import Table
from fnn.data.digits import read_lines
from fnn.data.reading import FORMATS, Form, count_rows, read_chunks, read_table
from fnn.data.words import is_missing, is_number
from fnn.errors import InvalidSetting

GERMAN = "größe;preis;ok;seit\n1,5;alt;ja;2020-01-31\n-2;neu;nein;2021-02-01\n;;;\n"


@pytest.fixture
def write(tmp_path):
    """Write a file; give its path."""

    def write(content, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def values(table, name):
    """Return the values of a column as Python has them, None where missing."""
    column = table.column(name)
    if column.kind in ("text", "date"):
        return [column.categories[place] if place >= 0 else None for place in column.values]
    return [None if np.isnan(value) else value for value in column.values]


def refusal(source, form=Form(), reader=read_table):  # noqa: B008
    with pytest.raises(InvalidSetting) as caught:
        list(reader(source, form)) if reader is read_chunks else reader(source, form)
    text = str(caught.value)
    assert "\n" not in text
    return text


# ---- what is found by looking ----


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found(write, delimiter, quoting, ending):
    text = io.StringIO()
    rows = [["a", "b", "c"], ["1", f'x{delimiter}"y"', "2.5"], ["2", f"two{ending}lines", "-3e2"], ["", "z", "NA"]]
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ending).writerows(rows)
    table = read_table(write(text.getvalue()))
    assert table.names == ("a", "b", "c")
    assert values(table, "a") == [1.0, 2.0, None]
    assert values(table, "b") == [f'x{delimiter}"y"', f"two{ending}lines", "z"]
    assert values(table, "c") == [2.5, -300.0, None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_encoding_and_decimal_comma_are_found(write, encoding):
    table = read_table(write(GERMAN, encoding=encoding))
    assert table.names == ("größe", "preis", "ok", "seit")
    assert [column.kind for column in table.columns] == ["number", "text", "text", "date"]
    assert values(table, "größe") == [1.5, -2.0, None]
    assert values(table, "preis") == ["alt", "neu", None]
    assert values(table, "seit") == ["2020-01-31", "2021-02-01", None]


def test_latin_1_takes_what_cp1252_has_no_letter_for(write):
    assert values(read_table(write(b"a,b\n1,\xe9\x81\n")), "b") == ["é\x81"]


def test_decimal_commas_without_a_header(write):
    table = read_table(write("1,5;2,5;3,5\n1,0;2,25;3,5\n"))
    assert table.names == ("x1", "x2", "x3")
    assert values(table, "x2") == [2.5, 2.25]


def test_a_point_is_no_decimal_where_a_comma_is(write):
    assert read_table(write("a;b;c\n1.500;1,5;2,5\n1.000;2,5;3,5\n")).column("a").kind == "text"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", False),
        ("length,width,kind\n5.1,3.5,setosa\n", True),
        ("p,x,p\ne,x,y\n", False),  # no two columns have one name
        ("kind,colour\ne,red\np,blue\n", True),
        ("?,2\n1,3\n", False),
        ("1,2,3\n", False),
        ("a\n1\n2\n", True),
        ("1\n2\n", False),
        ("yes,b\nno,c\n", False),
    ],
)
def test_a_header_is_found(write, text, header):
    table = read_table(write(text))
    assert table.rows == text.count("\n") - header
    assert table.names == tuple(
        text.splitlines()[0].split(",") if header else (f"x{i + 1}" for i in range(len(table.names)))
    )


def test_a_form_overrules_what_is_found(write):
    path = write("1990;1991\n1,5;'a;b'\n2,5;c\n")
    table = read_table(path, Form(";", True, ",", "'", "utf-8"))
    assert table.names == ("1990", "1991")
    assert values(table, "1990") == [1.5, 2.5]
    assert values(table, "1991") == ["a;b", "c"]
    assert values(read_table(write("a,b\n1,2\n"), Form(header=False)), "x1") == ["1", "a"][::-1]
    assert values(read_table(write('a,b\n1,"x\n'), Form(quote="")), "b") == ['"x']
    assert values(read_table(write("a,b\n010,2\n"), Form(quote="0")), "a") == [1.0]


def test_single_quotes_are_found(write):
    assert values(read_table(write("a,b\n1,'x,y'\n2,'z'\n")), "b") == ["x,y", "z"]
    assert values(read_table(write("a,b\n1,'tis\n2,x\n")), "b") == ["'tis", "x"]


def test_blanks_around_fields_do_not_count(write):
    table = read_table(write('a, b, c\n1, Private, yes\n 2 , "x, y",no \n\n'))
    assert table.names == ("a", "b", "c")
    assert values(table, "a") == [1.0, 2.0]
    assert values(table, "b") == ["Private", "x, y"]
    assert values(table, "c") == [1.0, 0.0]


# ---- kinds ----


@pytest.mark.parametrize("word", ["", "NA", "NaN", "nan", "null", "None", "?", "n/a", " N/A "])
def test_what_counts_as_missing(write, word):
    table = read_table(write(f"a,b,c\n1,x,yes\n{word},{word},{word}\n"))
    assert [column.kind for column in table.columns] == ["number", "text", "boolean"]
    assert [values(table, name)[1] for name in "abc"] == [None] * 3
    assert all(column.missing.tolist() == [False, True] for column in table.columns)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["0", "1"], "number"),
        (["1e5", "-.5", "+3.", "1E-300"], "number"),
        (["TRUE", "False", "Yes", "no"], "boolean"),
        (["true", "1"], "text"),
        (["1_000", "2"], "text"),
        (["0x1F", "2"], "text"),
        (["١", "2"], "text"),
        (["2020-01-31", "2020-01-31T10:20:30Z", "2020-01-31 10:20:30.25+02:00"], "date"),
        (["2020-13-31", "2020-01-31"], "text"),
        (["2020-01-31", "later"], "text"),
        (["1", "2", "three"], "text"),
        (["inf", "x"], "text"),
    ],
)
def test_kinds(write, words, kind):
    assert read_table(write("\n".join(["name", *words])), Form(header=True)).column("name").kind == kind


def test_a_column_that_turns_to_text_late_keeps_its_words(write):
    words = [f"{i:06d}" for i in range(300_000)]
    words[299_000] = "x"
    table = read_table(write("a,b\n" + "".join(f"{word},{i}\n" for i, word in enumerate(words))))
    assert values(table, "a") == words
    assert values(table, "b") == list(range(300_000))


def test_categories_are_joined_over_blocks(write):
    words = [f"w{i // 1000}" if i % 7 else "" for i in range(300_000)]
    table = read_table(write("a,b\n" + "".join(f"{word},{i}\n" for i, word in enumerate(words))))
    assert values(table, "a") == [word or None for word in words]
    assert table.column("a").categories == tuple(sorted(set(words) - {""}))


def test_numbers_are_those_of_python_to_the_bit(write, rng):
    bits = rng.integers(0, 2**63, 4000).astype(np.uint64).view(np.float64)
    numbers = [*bits[np.isfinite(bits)].tolist(), *rng.normal(size=4000).tolist(), 5e-324, 1.7976931348623157e308, -0.0]
    forms = [repr, "{:.3g}".format, "{:.20e}".format, "{:.6f}".format, "{:+.12G}".format]
    for form in forms:
        words = [word for word in map(form, numbers) if np.isfinite(float(word))]
        read = read_table(write("a,b\n" + "".join(f"{word},1\n" for word in words))).column("a").values
        assert read.tobytes() == np.array([float(word) for word in words]).tobytes()


def test_lines_of_numbers_are_read_at_once(rng):
    pieces = ["", "+", "-", "7", "0", "12", "345", "9007199254740993", "0" * 9, ".", ".", "e5", "E-3", " "]
    drawn = {"".join(rng.choice(pieces, 4)) for _ in range(4000)}
    words = [word for word in sorted(drawn) if is_number(word) or is_missing(word)]
    expected = [float(word) if is_number(word) else np.nan for word in words]
    lines = "".join(f"{word};{word}\n" for word in words)
    assert len(words) > 1000
    for text, decimal in ((lines, "."), (lines.replace(".", ",").replace("\n", "\r\n"), ",")):
        for column in read_lines(text, 2, ";", decimal, np.zeros(2, bool)):
            assert column.tobytes() == np.array(expected).tobytes()


@pytest.mark.parametrize("lines", ["1,2\n3\n", "1,2\n3,4,5\n", "1\n2,3,4\n", "1,2\n\n3,4\n"])
def test_lines_of_other_lengths_are_left_to_the_reader_of_rows(lines):
    assert read_lines(lines, 2, ",", ".", np.zeros(2, bool)) is None


@pytest.mark.parametrize("word", ["x", "1.1.2.3", "-", "1-2", "٢", "e", "é.e5"])
def test_a_field_that_is_no_number_makes_its_column_words(word):
    numbers, words = read_lines(f"1,2\n3,{word}\n5e0, NA\n", 2, ",", ".", np.zeros(2, bool))
    assert numbers.tolist() == [1, 3, 5]
    assert words == [b"2", word.encode(), b" NA"]
    assert read_lines("1,2\n", 2, ",", ".", np.array([True, False]))[0] == [b"1"]


def test_words_and_numbers_are_read_as_the_standard_reader_has_them(write, rng):
    """A table of several blocks, with a quoted newline and an empty line in the middle, against csv.reader."""
    words = ["red", "grün", "", "NA", "a e.5", "1", " x ", "e"]
    rows = [[str(rng.choice(words)), f"{rng.normal():.6g}", str(rng.choice(["", "3", "4e2"]))] for _ in range(60_000)]
    rows[30_000][0] = 'two\nlines, "quoted"'
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([["word", "x", "gaps"], *rows[:40_000]])
    file.write("\n")
    csv.writer(file, lineterminator="\n").writerows(rows[40_000:])
    table = read_table(write(file.getvalue()))
    assert table.rows == 60_000
    column = table.column("word")
    expected = [None if word.strip() in ("", "NA") else word.strip() for word, _, _ in rows]
    assert [column.categories[place] if place >= 0 else None for place in column.values] == expected
    assert table.column("x").values.tolist() == [float(x) for _, x, _ in rows]
    gaps = [np.nan if gap == "" else float(gap) for _, _, gap in rows]
    np.testing.assert_array_equal(table.column("gaps").values, gaps)


def test_a_line_is_named_behind_rows_of_two_lines_too(write):
    lines = ["a,b", *("1,x" for _ in range(40_000)), '2,"y', 'z"', *("3,x" for _ in range(40_000)), "4,x,5"]
    with pytest.raises(InvalidSetting, match=f"line {len(lines):,} has 3"):
        read_table(write("\n".join(lines) + "\n"))


def test_control_characters_that_count_as_blanks(write):
    path = write("a,b\n\x1c1,\x1f\n2\x1d, 3\x1e\n")
    assert values(read_table(path, Form(encoding="latin-1")), "a") == [1.0, 2.0]
    assert values(read_table(path, Form(encoding="latin-1")), "b") == [None, 3.0]


def test_blank_lines_are_no_rows(write):
    table = read_table(write("a\n1\n\n2\n\n\n3\n"))
    assert values(table, "a") == [1.0, 2.0, 3.0]
    assert "line 6: it has inf" in refusal(write("a\n1\n\n2\n\ninf\n"))


@pytest.mark.parametrize("word", ["x", "7"])
@pytest.mark.parametrize("where", [slice(0, 1), slice(150_000, 150_002), slice(299_999, None)])
def test_a_column_with_values_in_one_of_many_blocks(write, word, where):
    words = [""] * 300_000
    words[where] = [word] * len(words[where])
    column = read_table(write("a,b,c\n" + "".join(f"1,{b},{'yz'[i % 2]}\n" for i, b in enumerate(words)))).column("b")
    assert column.kind == ("text" if word == "x" else "number")
    assert np.array_equal(~column.missing, np.array(words) != "")
    assert set(column.values[~column.missing].tolist()) == {0 if word == "x" else 7.0}
    assert column.categories == (("x",) if word == "x" else ())


def test_quoted_newlines_after_many_lines_of_numbers(write):
    text = "a,b\n" + "1,2\n" * 200_000 + '3,"4\n"\n' + "5,6\n" * 5
    table = read_table(write(text))
    assert table.rows == 200_006
    assert values(table, "b")[-6:] == [4.0, *[6.0] * 5]
    assert "line 200,004 has 1" in refusal(write(text.replace("5,6", "5", 1)))


def test_a_sample_ends_where_a_line_does(write):
    wide = ";".join(f"c{i}" for i in range(30_000))
    table = read_table(write(wide + "\n" + ";".join(["1,5"] * 30_000) + "\n"))
    assert table.column("c29999").kind == "number"
    assert values(read_table(write("a,b\n1,x\u2028y\n2,\x0bz\n")), "b") == ["x\u2028y", "z"]


# ---- streams ----


def test_chunks_together_are_the_table(write):
    path = write("a,b,c\n" + "".join(f"{i},{'xyz'[i % 3]},{i % 2 == 0}\n" for i in range(1000)))
    table, chunks = read_table(path), list(read_chunks(path, rows=300))
    assert [chunk.rows for chunk in chunks] == [300, 300, 300, 100]
    for name in table.names:
        assert [v for chunk in chunks for v in values(chunk, name)] == values(table, name)
    assert [chunk.digest for chunk in read_chunks(table, rows=300)] == [
        table.take(slice(i, i + 300)).digest for i in range(0, 1000, 300)
    ]
    assert count_rows(path) == pytest.approx(1000, abs=1)


def test_chunks_are_of_the_kinds_they_are_known_to_be(write):
    path = write("a,b,c\n1,0,1\n2,1,\n")
    (table,) = read_chunks(path, kinds={"a": "text", "b": "boolean", "c": "date"})
    assert [column.kind for column in table.columns] == ["text", "boolean", "date"]
    assert values(table, "a") == ["1", "2"]
    assert values(table, "b") == [0.0, 1.0]


@pytest.mark.parametrize(("kind", "what"), [("number", "numbers"), ("boolean", "true or false")])
def test_a_word_where_another_kind_is_known_is_refused_with_its_line(write, kind, what):
    path = write("a,b\n1,'\n0,\n1,cat\n")
    with pytest.raises(InvalidSetting, match=f"{what} in column b, line 2.*has '"):
        list(read_chunks(path, kinds={"b": kind}))
    path = write("a;b\n1,0;0\n0,5;1\n1,5;cat\n")
    with pytest.raises(InvalidSetting, match=f"{what} in column b, line 4.*has cat"):
        list(read_chunks(path, kinds={"a": "number", "b": kind}))


# ---- bad input ----


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "this file is empty"),
        (b"\n\n", "this file is empty"),
        ("a,b\n", "has a header only"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (b"PK\x03\x04\x14\0\x06\0", "binary"),
        (b"a,b\n1,\0\n", "binary"),
        ("a,b\n1,2\n3,4,5\n6,7\n", "2 fields in each row; line 3 has 3"),
        ('a,b\n1,"two\nlines"\n3\n', "2 fields in each row; line 4 has 1"),
        ("a,b,a\n1,2,3\n", "two are named a"),
        ('a,b\n1,"x\n2,y\n', "cannot be read"),
        ("a,b\n1,2\ninf,3\n", "finite numbers in column a, line 3: it has inf"),
        ("a,b\n1,2\n1e999,3\n", "finite numbers in column a, line 3"),
        ("a,b\n1," + 200_000 * "x" + "\n", "line 2 cannot be read"),
    ],
)
def test_bad_text_is_refused_in_one_line(write, content, words):
    path = write(content)
    for reader in (read_table, read_chunks):
        text = refusal(path, reader=reader)
        assert words in text
        assert str(path) in text


def test_bad_text_beyond_the_first_block_is_refused(write):
    rows = [f"{i},{i}\n" for i in range(400_000)]
    rows[350_000] = "1,2,3\n"
    assert "line 350,002 has 3" in refusal(write("a,b\n" + "".join(rows)))
    rows[350_000] = "1,-inf\n"
    assert "column b, line 350,002: it has -inf" in refusal(write("a,b\n" + "".join(rows)))


def test_what_is_no_file_is_refused(tmp_path):
    assert "a file that is there" in refusal(tmp_path / "none.csv")
    assert "expected a file" in refusal(tmp_path)
    for source in (3, None, [1, 2], np.zeros((2, 2, 2)), np.zeros((0, 2)), {}, object(), "", np.zeros((2, 2), complex)):
        assert refusal(source).startswith("data: ")


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (Form(delimiter=",,"), "delimiter"),
        (Form(delimiter="\n"), "delimiter"),
        (Form(delimiter=",", decimal=","), "delimiter"),
        (Form(decimal=":"), "decimal"),
        (Form(quote="ab"), "quote"),
        (Form(encoding="klingon"), "encoding"),
        (Form(encoding="hex"), "encoding"),
        (Form(encoding="ascii"), "encoding"),
        (Form(header="maybe"), "header"),
    ],
)
def test_a_bad_form_is_refused(write, form, name):
    assert refusal(write("a;é\n1;x\n"), form).startswith(f"{name}: ")


def test_ten_thousand_columns_are_read(write, rng):
    x = rng.integers(0, 100, (200, 10_000)).astype(float)
    text = (
        ",".join(f"c{i}" for i in range(10_000)) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in x.tolist())
    )
    table = read_table(write(text))
    assert np.array_equal(np.stack([column.values for column in table.columns], axis=1), x)


# ---- frames and arrays ----


def same(table, other):
    assert table.digest == other.digest, (table, other)


def test_arrays_frames_and_text_are_one_table(write):
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    path = write("a,b,c,d,e\n1,x,yes,2020-01-31,7\n,,,,8\n2.5,y,no,2021-01-31,9\n")
    table = read_table(path)
    frame = pandas.DataFrame(
        {
            "a": [1, None, 2.5],
            "b": ["x", None, "y"],
            "c": pandas.array([True, None, False], dtype="boolean"),
            "d": ["2020-01-31", None, "2021-01-31"],
            "e": pandas.array([7, 8, 9], dtype="Int64"),
        }
    )
    same(read_table(frame), table)
    same(read_table(frame.astype({"b": "category", "c": object, "e": np.int8})), table)
    same(read_table({name: np.asarray(frame[name]) for name in frame}), table)
    same(read_table(pyarrow.Table.from_pandas(frame)), table)
    same(read_table(pyarrow.RecordBatch.from_pandas(frame)), table)
    frame.to_parquet(path.with_suffix(".parquet"))
    frame.to_feather(path.with_suffix(".feather"))
    for suffix in (".parquet", ".feather"):
        same(read_table(path.with_suffix(suffix)), table)
        assert count_rows(path.with_suffix(suffix)) == 3
        assert [chunk.rows for chunk in read_chunks(path.with_suffix(suffix), rows=2)] == [2, 1]


def test_dates_and_categories_of_a_frame():
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    when = pandas.to_datetime(["2020-01-31 10:00", None])
    frame = pandas.DataFrame(
        {"a": when, "b": when.tz_localize("UTC"), "c": pandas.Categorical([3, 1]), 4: [1, 2]}, index=[5, 6]
    )
    table = read_table(frame)
    assert table.names == ("a", "b", "c", "4")
    assert [column.kind for column in table.columns] == ["date", "date", "text", "number"]
    assert values(table, "c") == ["3", "1"]
    assert values(table, "a")[1] is None
    table = read_table(pyarrow.Table.from_pandas(frame.rename(columns=str)))
    assert [column.kind for column in table.columns] == ["date", "date", "text", "number"]  # and no index


def test_a_polars_frame():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"a": [1, None, 3], "b": ["x", None, "y"], "c": [True, None, False], "d": [1.5, 2.5, None]}
    )
    same(
        read_table(frame),
        read_table({"a": [1, None, 3], "b": ["x", None, "y"], "c": [True, None, False], "d": [1.5, 2.5, None]}),
    )


def test_arrays_have_columns_by_number(rng):
    x = rng.normal(size=(7, 3))
    x.flags.writeable = False
    table = read_table(x)
    assert table.names == ("x1", "x2", "x3")
    assert table.source == "arrays"
    assert np.array_equal(np.stack([column.values for column in table.columns], axis=1), x)
    assert [chunk.rows for chunk in read_chunks(x, rows=3)] == [3, 3, 1]
    assert count_rows(x) == 7
    assert read_table(table) is table


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"a": [1, 2], "b": [1]}, "as many rows"),
        ({"a": np.ones((1, 2))}, "one value for each row in column a"),
        ({"a": [1, "x"]}, "of one kind, in column a"),
        ({"a": [1 + 2j]}, "in column a"),
        ({"a": [object()]}, "in column a"),
        ({"a": [1.0, np.inf]}, "finite numbers in column a, row 2"),
        ({1: [1], "1": [2]}, "two are named 1"),
    ],
)
def test_bad_arrays_are_refused(source, words):
    assert words in refusal(source)


# ---- tables ----


def test_a_table_is_taken_apart():
    table = read_table({"a": [1, 2, 3], "b": ["x", "y", None]})
    assert table.rows == 3
    assert values(table.take([2, 0]), "a") == [3.0, 1.0]
    assert values(table.take(np.array([True, False, True])), "b") == ["x", None]
    assert table.drop(["a"]).names == ("b",)
    with pytest.raises(InvalidSetting, match="did you mean b"):
        table.column("B")
    assert table.digest == Table(table.columns, "elsewhere").digest
    digests = {table.digest, table.take([0, 1]).digest, table.drop(["a"]).digest, read_table({"a": [1, 2, 4]}).digest}
    assert len(digests) == 4


# ---- other formats ----


def test_npz(tmp_path, rng):
    x, y = rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 2))
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", x=x, y=y)
        table = read_table(tmp_path / "a.npz")
        assert table.names == ("x1", "x2", "x3", "y1", "y2")
        assert np.array_equal(np.stack([c.values for c in table.columns], axis=1), np.hstack((x, y)))
        assert count_rows(tmp_path / "a.npz") == 5
    np.savez(tmp_path / "b.npz", x=np.asfortranarray(x), y=np.array(list("abcab")))
    assert values(read_table(tmp_path / "b.npz"), "y") == list("abcab")
    np.savez(tmp_path / "c.npz", x=x)
    assert read_table(tmp_path / "c.npz").names == ("x1", "x2", "x3")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.array([[object()]])}, "objects"),
        ({"x": np.ones((2, 2), complex)}, "complex128"),
        ({"x": np.ones(3)}, r"shape (3,)"),
        ({"x": np.ones((2, 2)), "y": np.ones(3)}, "as many rows"),
        ({"x": np.ones((2, 2)), "y": np.ones((2, 2, 2))}, "(2, 2, 2)"),
        ({"x": np.ones((2, 2)), "y": np.array(["2020-01-01"] * 2, "M8[D]")}, "datetime64"),
        ({"x": np.ones((0, 2))}, "(0, 2)"),
        ({"y": np.ones(2)}, "it has y"),
        ({"x": np.ones((2, 2)), "z": np.ones(2)}, "it has x, z"),
        ({"x": np.array([[1, np.inf]])}, "finite numbers in column x2, row 1"),
    ],
)
def test_bad_npz_arrays_are_refused(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", allow_pickle=True, **arrays)
    assert words in refusal(tmp_path / "a.npz")


def npy(header, data, version=1):
    """Return an .npy file with that text for a header."""
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes((version, 0)) + length + header.encode() + data


def zipped(path, content):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", content)
    return path


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }      \n", 1),
        ("{'descr': '<i4', 'fortran_order': False, 'shape': (2,3)}", 1),  # as other languages write it
        ("{'descr':'<i4','fortran_order':False,'shape':(2,3,),}\n", 1),
        ("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }\n", 2),
    ],
)
def test_npz_files_of_others_are_read(tmp_path, header, version):
    path = zipped(tmp_path / "a.npz", npy(header, np.arange(6, dtype="<i4").tobytes(), version))
    assert np.array_equal(np.load(path)["x"], np.arange(6).reshape(2, 3))
    assert [column.values.tolist() for column in read_table(path).columns] == [[0, 3], [1, 4], [2, 5]]


def test_npz_arrays_keep_their_order_and_their_bytes(tmp_path, rng):
    x = rng.normal(size=(4, 3))
    for other in (np.asfortranarray(x), x.astype(">f8"), x.astype(">f8").copy("F")):
        np.savez(tmp_path / "a.npz", x=other)
        assert np.array_equal(np.stack([c.values for c in read_table(tmp_path / "a.npz").columns], axis=1), x)


@pytest.mark.parametrize(
    ("header", "version", "words"),
    [
        ("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (2, 3), }", 1, "plain numbers"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", 1, "objects of Python"),
        ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2, 3), }", 1, "plain numbers"),
        ("{'descr': '<z8', 'fortran_order': False, 'shape': (2, 3), }", 1, "plain numbers"),
        ("{'descr': '<i4', 'fortran_order': False, 'shape': (-2, -3), }", 1, "plain numbers"),
        ("{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 1, "not as large"),
        ("[" * 60_000, 1, "plain numbers"),
        ("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", 3, "version (3, 0)"),
    ],
)
def test_npz_headers_that_someone_made_are_refused(tmp_path, header, version, words):
    assert words in refusal(zipped(tmp_path / "a.npz", npy(header, np.arange(6, dtype="<i4").tobytes(), version)))


def test_a_header_that_would_grow_is_not_read_to_its_end(tmp_path):
    """64 MB of spaces are 64 kB in the archive."""
    path = zipped(tmp_path / "a.npz", npy("{'descr': '<i4'" + " " * 2**26, b"", 2))
    tracemalloc.start()
    assert "plain numbers" in refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_an_npz_file_that_claims_more_than_the_memory_is_refused_unread(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 1000)))
    assert read_table(tmp_path / "a.npz").rows == 1000
    monkeypatch.setattr("fnn.checks.memory", lambda: 10**7)
    monkeypatch.setattr("numpy.lib.format.read_array", lambda *_, **__: pytest.fail("was read"))
    assert "what fits the memory" in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix not in (".csv", ".tsv", ".txt", ".data")])
def test_damaged_files_are_refused(tmp_path, rng, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, x=rng.normal(size=(20, 3)), y=np.ones(20))
    else:
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import feather, parquet

        table = pyarrow.table({"a": rng.normal(size=50), "b": ["x", "y"] * 25})
        write = parquet.write_table if suffix in (".parquet", ".pq") else feather.write_feather
        write(table, path)
    content = path.read_bytes()
    for end in (0, 1, 10, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:end])
        assert refusal(path).startswith("data: ")
    refused = 0
    for _ in range(200):
        bad = bytearray(content)
        bad[rng.integers(len(bad))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad)
        try:
            read_table(path)
        except InvalidSetting:
            refused += 1
    assert refused > 10
    path.write_text("a,b\n1,2\n")
    assert refusal(path).startswith("data: ")


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_without_pyarrow_the_extra_is_named(write, monkeypatch, suffix):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "fnn[parquet]" in refusal(write(b"PAR1", f"a{suffix}"))


# ---- memory ----


@pytest.mark.slow
def test_reading_takes_at_most_four_times_the_array(write, rng):
    rows = 100_000
    text = "\n".join(",".join(f"{v:.6g}" for v in row) for row in rng.normal(size=(rows // 10, 50)).tolist())
    path = write("\n".join([text] * 10))
    tracemalloc.start()
    try:
        table = read_table(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert table.rows == rows
    assert peak <= 4 * rows * 50 * 8

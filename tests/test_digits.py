"""Numbers read at once from lines of text are those of Python's float(), to the bit."""

import numpy as np
import pytest

from fnn.data import digits
from fnn.data.words import is_number, read_numbers


def read_lines(text, width, delimiter, decimal):
    """Return lines of numbers, (N, width); None where a column has words, or lines are of other lengths."""
    columns = digits.read_lines(text, width, delimiter, decimal, np.zeros(width, bool))
    return None if columns is None or any(isinstance(c, list) for c in columns) else np.stack(columns, axis=1)


def check(words):
    """Compare what is read with float(), in two columns, with a comma too, and with the sign that each lacks."""
    words = [*words, *("-" + word.lstrip("+-") for word in words)]
    expected = np.repeat([float(word) for word in words], 2)
    text = "".join(f"{word};{word}\n" for word in words)
    for read in (read_lines(text, 2, ";", "."), read_lines(text.replace(".", ","), 2, ";", ",")):
        wrong = np.flatnonzero(read.view(np.int64).ravel() != expected.view(np.int64))
        assert not wrong.size, [(words[place // 2], read.ravel()[place]) for place in wrong[:5].tolist()]


def doubles(rng, count=4000):
    """Draw numbers of every size, each bit as likely, and some that are near 1."""
    bits = rng.integers(0, 2**63, count).astype(np.uint64).view(np.float64)
    return [*bits[np.isfinite(bits)].tolist(), *rng.normal(size=count).tolist()]


@pytest.mark.parametrize("form", ["{!r}", "{:.17g}", "{:.16e}", "{:.18e}", "{:.6g}", "{:.20f}", "{:.24e}", "{:+.3E}"])
def test_numbers_of_any_size_and_form(rng, form):
    words = map(form.format, doubles(rng))
    check([word for word in words if np.isfinite(float(word))])


def test_digits_with_a_point_and_an_exponent_anywhere(rng):
    words = []
    for length in rng.integers(1, 30, 6000).tolist():
        word = "".join(rng.choice(list("0123456789"), length))
        point = int(rng.integers(-5, length + 1))
        word = word if point < 0 else f"{word[:point]}.{word[point:]}"
        words.append(word + str(rng.choice(["", "", f"e{rng.integers(-340, 300)}", f"E+{rng.integers(0, 40)}"])))
    assert all(map(is_number, words))
    check([word for word in words if np.isfinite(float(word))])


def test_numbers_in_the_middle_of_two_and_beside_it(rng):
    """Whole numbers of 2^53 to 2^63 that are halfway between doubles: the even one is the nearest; and their halves."""
    words = []
    for power in range(54, 64):
        middles = (rng.integers(2**53, 2**54, 100) | 1) << (power - 54)
        for middle in middles.tolist():
            words += [str(middle), str(middle - 1), str(middle + 1), f"{middle}.0", f"{middle * 5}e-1", f"{middle}e20"]
            words += [f"{middle // 2}.5", f"{middle // 10}.{middle % 10}e1"]
    check(words)


def test_numbers_that_are_hard_to_read():
    check(
        [
            *("9007199254740993", "9007199254740992.5", "9007199254740993.0000000000001", "9223372036854775807"),
            *("9999999999999999999", "18446744073709551615", "18446744073709551616", "99999999999999999999.9"),
            *("1.7976931348623157e308", "4.9e-324", "2.4703282292062327e-324", "2.2250738585072011e-308", "1e-400"),
            *("6929495644600919.5", "3.5844466002796428e298", "9.007199254740993e22", "1e22", "1e23", "8.5e-5"),
            *("0e999", "0.0e-999", "0.0000000000000000000000001", "000000000000000000000000012", "0" * 40 + "1"),
            *("1.", ".5", "+.5e+0", "00.10", "1e00000000000000001", "1e-0", "123456789012345678.9e-17"),
        ]
    )


def test_few_numbers_are_read_one_by_one(rng, monkeypatch):
    slowly = []
    monkeypatch.setattr(digits, "read_numbers", lambda *words: slowly.extend(words[0]) or read_numbers(*words))
    for form in ("{!r}", "{:.18e}", "{:.6g}", "{:.10f}"):
        numbers = np.concatenate(
            (rng.normal(size=5000), rng.integers(0, 10**9, 5000), 10.0 ** rng.uniform(-99, 99, 5000))
        )
        words = [
            word for word in map(form.format, numbers.tolist()) if sum(map(str.isdigit, word.partition("e")[0])) < 20
        ]
        assert len(words) > 9000
        check(words)
        assert len(slowly) < len(words) / 100  # those in the middle of two
        slowly.clear()


@pytest.mark.parametrize(
    "word", ["1e", "e1", ".", "+", "-", "1e+", "1e1e1", "1e1.5", "1.2.3", ".e1", "--1", "1-", "0x1", "1_0"]
)
def test_what_is_no_number_is_none(word):
    assert read_lines(f"1,2\n3,{word}\n", 2, ",", ".") is None
    assert read_lines(f"{word},2\n3,4\n", 2, ",", ".") is None


def test_every_character_beside_digits_is_seen():
    """In each of eight places that are looked at together."""
    for code in range(128):
        if chr(code) not in "0123456789,\r\n":
            for place in range(9):
                word = "12345678"[:place] + chr(code) + "12345678"[place:]
                read = read_lines(f"{word},1\n", 2, ",", ".")
                assert (read is not None) == is_number(word), word
                assert read is None or read[0, 0] == float(word.strip())


def test_what_is_missing_is_nan():
    read = read_lines(",1,NA\n2,,nan\n,,\n", 3, ",", ".")
    assert np.array_equal(read, [[np.nan, 1, np.nan], [2, np.nan, np.nan], [np.nan] * 3], equal_nan=True)

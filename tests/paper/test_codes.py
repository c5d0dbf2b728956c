"""Codes on forms: short, without lookalikes, and with all ordinary typing errors detected."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.paper.sheets import (
    ALPHABET,
    LENGTH,
    check_symbol,
    distance,
    find_nearest,
    format_code,
    generate_code,
    is_code,
    normalize_code,
)

codes = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1).map(lambda body: body + check_symbol(body))


def test_a_code_has_eight_symbols_without_lookalikes():
    drawn = {generate_code() for _ in range(500)}
    assert len(drawn) == 500
    assert all(is_code(code) and len(code) == 8 for code in drawn)
    assert not set("".join(drawn)) & set("ILOU")


def test_the_check_symbol_never_changes():
    assert check_symbol("0000000") == "0"
    assert check_symbol("0000001") == "2"
    assert check_symbol("7KQ2M9X") == "7"


@given(codes)
def test_every_single_wrong_symbol_is_detected(code):
    for place in range(LENGTH):
        for symbol in set(ALPHABET) - {code[place]}:
            assert not is_code(code[:place] + symbol + code[place + 1 :])


@given(codes)
def test_any_two_swapped_symbols_are_detected(code):
    for left, right in itertools.combinations(range(LENGTH), 2):
        symbols = list(code)
        symbols[left], symbols[right] = symbols[right], symbols[left]
        assert is_code("".join(symbols)) == (code[left] == code[right])


@pytest.mark.parametrize("length", [0, 1, 7, 9, 40])
def test_a_code_of_another_length_is_invalid(length):
    assert not is_code("0" * length)


@given(codes)
def test_a_code_is_read_in_every_spelling(code):
    typed = f"  {format_code(code).lower()} "
    assert normalize_code(typed) == code
    assert normalize_code(typed.replace("-", "–").replace("1", "l").replace("0", "o")) == code
    assert normalize_code(code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))) == code


@given(codes)
def test_a_printed_code_is_not_read_as_a_number_by_a_spreadsheet(code):
    with pytest.raises(ValueError):
        float(format_code(code).replace("-", "x"))
    assert format_code(code)[4] == "-"


@given(st.text(max_size=30))
def test_any_text_is_checked_without_an_error(text):
    is_code(normalize_code(text))


@pytest.mark.parametrize(
    ("typed", "errors"),
    [("ABCDEFGH", 0), ("ABCDEFG", 1), ("ABCDEFGHJ", 1), ("ABDCEFGH", 1), ("ABCXEFGH", 1), ("XBCDEFGX", 2), ("", 8)],
)
def test_typing_errors_are_counted(typed, errors):
    assert distance(typed, "ABCDEFGH") == distance("ABCDEFGH", typed) == errors


def test_similar_codes_are_sorted_by_distance_without_distant_ones():
    assert find_nearest("ABCDEFGX", ["ZZZZZZZZ", "ABCDEFYY", "ABCDEFGH"]) == ["ABCDEFGH", "ABCDEFYY"]

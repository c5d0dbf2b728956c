"""Codes on forms: short, without lookalikes, and with all ordinary typing errors detected."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.paper.codes import (
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


def test_a_code_has_eight_symbols_none_of_which_looks_like_another():
    drawn = {generate_code() for _ in range(500)}
    assert len(drawn) == 500
    assert all(is_code(code) and len(code) == 8 for code in drawn)
    assert not set("".join(drawn)) & set("ILOU")


def test_the_check_is_the_same_for_ever():
    assert check_symbol("0000000") == "0"
    assert check_symbol("0000001") == "2"
    assert check_symbol("7KQ2M9X") == "7"


@given(codes)
def test_every_single_wrong_symbol_is_found(code):
    for place in range(LENGTH):
        for symbol in set(ALPHABET) - {code[place]}:
            assert not is_code(code[:place] + symbol + code[place + 1 :])


@given(codes)
def test_any_two_symbols_that_changed_places_are_found(code):
    for left, right in itertools.combinations(range(LENGTH), 2):
        symbols = list(code)
        symbols[left], symbols[right] = symbols[right], symbols[left]
        assert is_code("".join(symbols)) == (code[left] == code[right])


@pytest.mark.parametrize("length", [0, 1, 7, 9, 40])
def test_what_is_too_short_or_too_long_is_no_code(length):
    assert not is_code("0" * length)


@given(codes)
def test_it_is_read_however_it_was_typed(code):
    typed = f"  {format_code(code).lower()} "
    assert normalize_code(typed) == code
    assert normalize_code(typed.replace("-", "–").replace("1", "l").replace("0", "o")) == code
    assert normalize_code(code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))) == code


@given(codes)
def test_a_spreadsheet_takes_no_printed_code_for_a_number(code):
    with pytest.raises(ValueError):
        float(format_code(code).replace("-", "x"))
    assert format_code(code)[4] == "-"


@given(st.text(max_size=30))
def test_anything_typed_is_read_without_a_failure(text):
    is_code(normalize_code(text))


@pytest.mark.parametrize(
    ("typed", "errors"),
    [("ABCDEFGH", 0), ("ABCDEFG", 1), ("ABCDEFGHJ", 1), ("ABDCEFGH", 1), ("ABCXEFGH", 1), ("XBCDEFGX", 2), ("", 8)],
)
def test_errors_of_typing_are_counted(typed, errors):
    assert distance(typed, "ABCDEFGH") == distance("ABCDEFGH", typed) == errors


def test_the_nearest_codes_come_first_and_far_ones_not_at_all():
    assert find_nearest("ABCDEFGX", ["ZZZZZZZZ", "ABCDEFYY", "ABCDEFGH"]) == ["ABCDEFGH", "ABCDEFYY"]

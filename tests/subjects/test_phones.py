"""Normalisation of telephone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.foundation.text.phones import bare_number, normal_number

ONE = "+923001234567"


def normal(text, region="PK"):
    return normal_number(bare_number(text), region=region)


@pytest.mark.parametrize(
    "written",
    [
        "03001234567",
        "0300 1234567",
        "0300-123-4567",
        "3001234567",
        "+923001234567",
        "+92 300 1234567",
        "+92 (0)300 1234567",
        "92300-1234567",
        "0092 300 1234567",
        "\u202a+92\u00a0300\u20111234567\u202c",
    ],
)
def test_every_spelling_of_a_number_is_one_number(written):
    assert normal(written) == ONE


@pytest.mark.parametrize(("region", "number"), [("GB", "+442079460958"), ("PK", "+922079460958")])
def test_a_number_is_read_as_dialled_from_the_country(region, number):
    assert normal("020 7946 0958", region) == number
    assert normal(number, "DE") == number


@pytest.mark.parametrize("written", ["12345", "01234567890123456789", "+1555010"])
def test_an_impossible_number_is_returned_unchanged(written):
    assert normal(written) == written


def test_an_unknown_country_changes_nothing():
    assert normal("03001234567", "XX") == "03001234567"
    assert normal("+92 300 1234567", "XX") == ONE


@pytest.mark.parametrize("written", ["call me", "123", "+", "1" * 21, "0300+1234567", "esra@mail.example"])
def test_a_text_that_is_not_a_number_is_refused(written):
    with pytest.raises(ValueError, match="5 to 20 digits"):
        bare_number(written)


def test_an_id_that_ends_in_digits_is_not_a_number():
    assert normal_number("stu-3001234567", region="PK") == "stu-3001234567"


@given(st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True), st.sampled_from(["PK", "GB", "US", "SA", "XX"]))
def test_a_normal_number_is_its_own_normal_form(bare, region):
    once = normal_number(bare, region=region)
    assert normal_number(once, region=region) == once
    assert bare_number(once) == once

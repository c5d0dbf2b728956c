"""Canonical JSON, commitments and leaf hashes, compared with independently computed values."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paktaleem.foundation.audit.canonical import canonical, commitment, compute_leaf_hash, new_salt

VECTORS = {
    "an empty object": ({}, b"{}"),
    "sorted members": ({"b": 1, "a": 2}, b'{"a":2,"b":1}'),
    "sorted by UTF-16": ({"\ufb33": 1, "\U0001f600": 2, "€": 3}, '{"€":3,"\U0001f600":2,"\ufb33":1}'.encode()),
    "no spaces": ([1, {"x": [True, None]}], b'[1,{"x":[true,null]}]'),
    "numbers as ECMAScript": ([1e30, 4.5, 2e-3, 1e-7, 333333333.33333329], b"[1e+30,4.5,0.002,1e-7,333333333.3333333]"),
    "escapes": ('\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()),
    "Urdu as it is": ({"ur": "رضامندی"}, '{"ur":"رضامندی"}'.encode()),
}
"""Examples of RFC 8785 §3.2 and appendix B."""


@pytest.mark.parametrize(("value", "expected"), VECTORS.values(), ids=VECTORS)
def test_canonical_json_is(value, expected):
    assert canonical(value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", 2**53 + 1, object()])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        canonical(value)


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii")), st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans() | st.none()
    )
)
def test_canonical_json_is_what_sorted_json_is_where_both_agree(value):
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).replace("\x7f", "\x7f")
    assert canonical(value) == plain.encode()


def test_the_leaf_of_nothing_is_the_one_of_rfc_6962():
    assert compute_leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@given(st.binary(max_size=200))
def test_a_leaf_is_hashed_apart_from_nodes(entry):
    assert compute_leaf_hash(entry) == hashlib.sha256(b"\x00" + entry).digest()
    assert compute_leaf_hash(entry) != hashlib.sha256(entry).digest()


def test_a_commitment_opens_with_its_salt():
    salt = new_salt()
    assert commitment("Danish Qureshi", salt) == hmac.new(salt, b'"Danish Qureshi"', "sha256").hexdigest()


def test_a_commitment_does_not_open_otherwise():
    salt = new_salt()
    made = commitment("Danish Qureshi", salt)
    assert made != commitment("Danish Quresh", salt)
    assert made != commitment("Danish Qureshi", new_salt())
    assert made != hashlib.sha256(b"Danish Qureshi").hexdigest()


def test_a_commitment_distinguishes_a_text_from_none():
    salt = new_salt()
    assert len({commitment(value, salt) for value in (None, "", "null", 0, "0", False)}) == 6


def test_salts_are_long_and_never_the_same():
    salts = {new_salt() for _ in range(1000)}
    assert len(salts) == 1000
    assert {len(salt) for salt in salts} == {32}

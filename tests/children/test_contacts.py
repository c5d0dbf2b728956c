"""A guardian's contact that may be the child's own is recognised in any spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from children.guardians.contacts import (
    Contact,
    ContactHolders,
    ContactMatch,
    ContactRejection,
    match_emails,
    match_phones,
    why_contact_unusable,
)

CHILD = "danish.qureshi@gmail.com"


@pytest.mark.parametrize(
    "written",
    [
        "Danish.Qureshi@Gmail.com",
        "danishqureshi@gmail.com",
        "d.a.n.i.s.h.qureshi@gmail.com",
        "danish.qureshi+father@gmail.com",
        "danish.qureshi@googlemail.com",
        " danish.qureshi@gmail.com ",
        "\uff44anish.qureshi@gmail.com",
    ],
)
def test_one_mailbox_is_the_same_however_it_is_written(written):
    assert match_emails(written, CHILD) == ContactMatch.SAME
    assert match_emails(CHILD, written) == ContactMatch.SAME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("d\u0430nish.qureshi@gmail.com", CHILD),  # Cyrillic a
        ("d\u00e1nish.qureshi@gmail.com", CHILD),
        ("ali1@mail.example", "alil@mail.example"),
        ("nao0r@mail.example", "naoor@mail.example"),
        ("rnaryam@mail.example", "maryam@mail.example"),
        ("ali@school.exarnple", "ali@school.example"),
        ("ali@xn--mil-6cd.example", "ali@mail.example"),  # m-Cyrillic a-il
    ],
)
def test_what_looks_alike_is_alike(one, other):
    assert match_emails(one, other) == ContactMatch.ALIKE
    assert match_emails(other, one) == ContactMatch.ALIKE


@pytest.mark.parametrize(
    "other",
    [
        "esra.qureshi@gmail.com",
        "danish.qureshi@mail.example",
        "danish.qureshi@outlook.com",
        "danish.qureshi2@gmail.com",
    ],
)
def test_another_mailbox_is_another(other):
    assert match_emails(other, CHILD) is None


def test_hotmail_outlook_and_live_are_three_people():
    assert match_emails("ali@hotmail.com", "ali@outlook.com") is None
    assert match_emails("ali@live.com", "ali@outlook.com") is None


@pytest.mark.parametrize("domain", ["me.com", "mac.com", "icloud.com"])
def test_true_aliases_are_one(domain):
    assert match_emails(f"ali@{domain}", "ali@icloud.com") == ContactMatch.SAME


@pytest.mark.parametrize(
    "written", ["0300 1234567", "+92 (300) 123-4567", "00923001234567", "۰۳۰۰۱۲۳۴۵۶۷", "923001234567"]
)
def test_one_number_is_the_same_however_it_is_written(written):
    assert match_phones(written, "+923001234567", region="PK") == ContactMatch.SAME
    assert match_phones(written, "+923001234568", region="PK") is None


def test_each_reason_has_its_own_text():
    def why(channel, child, guardian, **held):
        return why_contact_unusable(
            channel, child=child, guardian=guardian, holders=ContactHolders(**held), region="PK"
        )

    esra = Contact(email="esra@mail.example", phone="+923001234567")
    danish = Contact(email="danish@mail.example", phone="0300-1234567")
    assert why("mail", danish, esra) is None
    assert why("text", danish, esra) == ContactRejection.OF_THE_CHILD  # one telephone per household
    assert why("mail", danish, Contact()) == ContactRejection.MISSING
    assert why("mail", danish, Contact(email="Danish+1@mail.example")) == ContactRejection.OF_THE_CHILD
    assert why("mail", danish, Contact(email="dan1sh@mail.example"), children=0) is None
    assert (
        why("mail", Contact(email="alil@x.example"), Contact(email="ali1@x.example")) == ContactRejection.LIKE_A_CHILD
    )
    assert why("mail", danish, esra, children=1) == ContactRejection.OF_A_CHILD
    assert why("mail", danish, esra, others=2) is None
    assert why("mail", danish, esra, others=3) == ContactRejection.SHARED


def test_nothing_is_printed():
    assert "danish" not in repr(Contact(email=CHILD))


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_matches_itself_and_matching_is_symmetric(one, other):
    assert match_emails(one, one) == ContactMatch.SAME
    assert match_emails(one, other) == match_emails(other, one)
    assert match_phones(one, one, region="PK") == ContactMatch.SAME

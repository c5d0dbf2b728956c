"""A guardian's contact that may be the child's own is recognised in any spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from children.guardians.contacts import (
    Contact,
    Holders,
    Likeness,
    Unusable,
    mail_likeness,
    phone_likeness,
    why_unusable,
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
    assert mail_likeness(written, CHILD) == Likeness.SAME
    assert mail_likeness(CHILD, written) == Likeness.SAME


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
    assert mail_likeness(one, other) == Likeness.ALIKE
    assert mail_likeness(other, one) == Likeness.ALIKE


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
    assert mail_likeness(other, CHILD) is None


def test_hotmail_outlook_and_live_are_three_people():
    assert mail_likeness("ali@hotmail.com", "ali@outlook.com") is None
    assert mail_likeness("ali@live.com", "ali@outlook.com") is None


@pytest.mark.parametrize("domain", ["me.com", "mac.com", "icloud.com"])
def test_true_aliases_are_one(domain):
    assert mail_likeness(f"ali@{domain}", "ali@icloud.com") == Likeness.SAME


@pytest.mark.parametrize(
    "written", ["0300 1234567", "+92 (300) 123-4567", "00923001234567", "۰۳۰۰۱۲۳۴۵۶۷", "923001234567"]
)
def test_one_number_is_the_same_however_it_is_written(written):
    assert phone_likeness(written, "+923001234567", region="PK") == Likeness.SAME
    assert phone_likeness(written, "+923001234568", region="PK") is None


def test_each_reason_is_told_apart():
    def why(channel, child, guardian, **held):
        return why_unusable(channel, child=child, guardian=guardian, holders=Holders(**held), region="PK")

    esra = Contact(email="esra@mail.example", phone="+923001234567")
    danish = Contact(email="danish@mail.example", phone="0300-1234567")
    assert why("mail", danish, esra) is None
    assert why("text", danish, esra) == Unusable.OF_THE_CHILD  # one telephone per household
    assert why("mail", danish, Contact()) == Unusable.MISSING
    assert why("mail", danish, Contact(email="Danish+1@mail.example")) == Unusable.OF_THE_CHILD
    assert why("mail", danish, Contact(email="dan1sh@mail.example"), children=0) is None
    assert why("mail", Contact(email="alil@x.example"), Contact(email="ali1@x.example")) == Unusable.LIKE_A_CHILD
    assert why("mail", danish, esra, children=1) == Unusable.OF_A_CHILD
    assert why("mail", danish, esra, others=2) is None
    assert why("mail", danish, esra, others=3) == Unusable.SHARED


def test_nothing_is_printed():
    assert "danish" not in repr(Contact(email=CHILD))


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_written_is_like_itself_and_alike_both_ways(one, other):
    assert mail_likeness(one, one) == Likeness.SAME
    assert mail_likeness(one, other) == mail_likeness(other, one)
    assert phone_likeness(one, one, region="PK") == Likeness.SAME

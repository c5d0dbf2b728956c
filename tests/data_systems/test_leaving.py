"""Erasing a person with open orders: the erasure does not wait, and the orders still name the person."""

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.sealed_names import name_of
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.key_epochs.services import rewrap_other_kinds
from paktaleem.directory.people.services.erasure import carry_out_erasure, erase_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.erasure_list import erasure_list
from paktaleem.foundation.encryption.wrapped_secrets import list_wrapped_kinds

DONE = Answer(Outcome.DONE, counts={"usage_logs": 4})


@pytest.fixture
def erase(cast, indus, now):
    def erase(person="danish"):
        return erase_subject(cast.subject(person), actor=cast.actor("amina"), reason="subject_request", at=now)

    return erase


def kept(order):
    return Order.objects.select_related("subject").get(pk=order.pk)


def test_an_open_order_still_names_the_erased_person(issue, erase, key, now):
    order = issue()
    erase()
    assert kept(order).subject.external_id is None
    assert name_of(kept(order)) == "lms-danish"
    complete_order(accept_order(order, actor=key, at=now), DONE, actor=key, at=now)
    assert kept(order).state == "confirmed"


def test_the_answer_deletes_the_name(issue, erase, key, now):
    order = issue()
    erase()
    complete_order(accept_order(order, actor=key, at=now), DONE, actor=key, at=now)
    assert kept(order).named is None
    assert name_of(kept(order)) is None


def test_the_name_is_encrypted_for_its_order_only(cast, issue, erase):
    order, other = issue(), issue(kind="restrict")
    erase()
    with connection.cursor() as cursor:
        cursor.execute("SELECT o::text FROM systems_order o")
        for (text,) in cursor.fetchall():
            assert "lms-danish" not in text
            assert b"lms-danish".hex() not in text
    swapped = kept(order)
    swapped.named = kept(other).named
    with pytest.raises(InvalidTag):
        name_of(swapped)


def test_orders_about_registered_people_store_no_name(issue):
    order = kept(issue())
    assert order.named is None
    assert name_of(order) == "lms-danish"


@pytest.mark.parametrize(
    ("kind", "more"),
    [("collect", {}), ("correct", {"categories": ("contact_details",), "new_values": {"full_name": "D"}})],
)
def test_orders_that_need_the_key_end_with_the_erasure(issue, erase, kind, more):
    order = next(iter([issue(kind, **more)]))
    erase()
    found = kept(order)
    assert (found.state, found.result) == ("not_applicable", {"reason": "person_erased"})
    assert (found.new_values, found.named) == (None, None)
    assert Entry.objects.filter(kind="order.not_applicable", body__contains=str(order.pk)).count() == 1


def test_other_peoples_orders_and_answered_orders_do_not_change(issue, erase, key, now):
    other, answered = issue(person="hamza"), issue()
    complete_order(accept_order(answered, actor=key, at=now), DONE, actor=key, at=now)
    erase()
    assert kept(other).named is None
    assert (kept(answered).state, kept(answered).named) == ("confirmed", None)


def test_a_replayed_erasure_stores_the_names_too(cast, indus, issue, now):
    order = issue()
    intent = erasure_list().intend(
        client_id=indus.id, subject_id=cast.subject_id("danish"), role="student", tombstone=b"t" * 32, at=now
    )
    carry_out_erasure(intent, actor=cast.actor("amina"), at=now)
    assert name_of(kept(order)) == "lms-danish"


def test_a_stored_name_is_re_encrypted_for_the_current_epoch(indus, issue, erase, settings):
    order = issue()
    erase()
    settings.KEYRING = settings.KEYRING.replace('"current": 1', '"current": 2').replace(
        '"epochs": {', '"epochs": {"2": "dGVzdHMtd3JhcHBpbmcta2V5LW5vdC1zZWNyZXQtMDI=", '
    )
    [kind] = [one for one in list_wrapped_kinds() if one.name == "systems.order"]
    assert dict(kind.counted(indus.id)) == {1: 1}
    assert rewrap_other_kinds(indus.id) == {1}
    assert dict(kind.counted(indus.id)) == {2: 1}
    assert name_of(kept(order)) == "lms-danish"

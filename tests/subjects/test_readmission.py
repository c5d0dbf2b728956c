"""Readmission: two people let an erased person be registered again; erased data is not restored."""

import pytest
from django.db import IntegrityError, connection, transaction

from paktaleem.directory.people.selectors import is_erased
from paktaleem.directory.people.services.erasure import (
    AlreadyErased,
    approve_readmission,
    erase_subject,
    request_readmission,
)
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.webhooks.models import Message
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.webhooks.making import make_endpoint


@pytest.fixture
def prepared(cast, now):
    """Indus, with Danish erased."""
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("danish"), actor=cast.actor("amina"), reason="subject_request", at=now)
        yield cast.client("indus")


@pytest.fixture
def second():
    return user_actor(new_id(), "privacy_officer", PAKTALEEM)


def ask(cast, prepared, now, actor="amina", external_id="lms-danish"):
    return request_readmission(external_id, actor=cast.actor(actor), client_id=prepared.id, at=now)


def register(cast, prepared, now):
    return register_subject(
        "lms-danish", client=prepared, details={"role": "student"}, actor=cast.actor("farah"), at=now
    )


def test_after_two_approvals_a_person_is_registered_as_new(cast, prepared, now, second):
    asked = ask(cast, prepared, now)
    with pytest.raises(AlreadyErased):
        register(cast, prepared, now)
    approve_readmission(asked, actor=second, at=now)
    assert not is_erased("lms-danish", client_id=prepared.id)
    person, is_new = register(cast, prepared, now)
    assert is_new
    assert person.id != cast.subject_id("danish")
    row = cast.subject("danish")
    assert (row.erased_at, row.external_id, row.full_name, row.details_index) == (now, None, None, None)
    assert row.tombstone


def test_ledger_and_history_show_requester_and_approver(cast, prepared, now, second):
    asked = approve_readmission(ask(cast, prepared, now), actor=second, at=now)
    kinds = Entry.objects.filter(kind__startswith="readmission.").order_by("id").values_list("kind", "actor_id")
    assert list(kinds) == [("readmission.requested", cast.user_id("amina")), ("readmission.approved", second.id)]
    assert list(asked.history.order_by("history_id").values_list("actor_id", flat=True)) == [
        cast.user_id("amina"),
        second.id,
    ]


def test_the_learning_platform_is_notified_after_the_approval(cast, prepared, now, second):
    make_endpoint(cast, "indus", at=now, events=["subject.readmitted"])
    asked = ask(cast, prepared, now)
    assert not Message.objects.exists()
    approve_readmission(asked, actor=second, at=now)
    told = Message.objects.values_list("type", "subject_id", "data")
    assert list(told) == [("subject.readmitted", cast.subject_id("danish"), {})]


def test_one_person_is_not_enough(cast, prepared, now):
    asked = ask(cast, prepared, now)
    with pytest.raises(ApproverIsRequester):
        approve_readmission(asked, actor=cast.actor("amina"), at=now)
    assert is_erased("lms-danish", client_id=prepared.id)


@pytest.mark.parametrize("actor", ["bilal", "sana", "farah", "celia"])
def test_other_roles_may_neither_request_nor_approve(cast, prepared, now, actor):
    with pytest.raises(NotAllowed):
        ask(cast, prepared, now, actor)
    asked = ask(cast, prepared, now)
    with pytest.raises(NotAllowed):
        approve_readmission(asked, actor=cast.actor(actor), at=now)
    with pytest.raises(NotAllowed):
        request_readmission("lms-danish", actor=system_actor("task"), client_id=prepared.id, at=now)


def test_a_readmission_cannot_be_requested_or_approved_twice(cast, prepared, now, second):
    asked = ask(cast, prepared, now)
    with pytest.raises(Refused):
        ask(cast, prepared, now)
    approve_readmission(asked, actor=second, at=now)
    with pytest.raises(Refused):
        approve_readmission(asked, actor=second, at=now)
    with pytest.raises(Refused):
        ask(cast, prepared, now)


@pytest.mark.parametrize("external_id", ["lms-hamza", "lms-nobody"])
def test_only_erased_people_can_be_readmitted(cast, prepared, now, external_id):
    with pytest.raises(Refused):
        ask(cast, prepared, now, external_id=external_id)


def test_a_second_erasure_needs_a_second_readmission(cast, prepared, now, second):
    approve_readmission(ask(cast, prepared, now), actor=second, at=now)
    person, _ = register(cast, prepared, now)
    erase_subject(person, actor=cast.actor("amina"), reason="subject_request", at=now)
    with pytest.raises(AlreadyErased):
        register(cast, prepared, now)
    assert ask(cast, prepared, now).subject_id == person.id


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("approved_by = requested_by, approved_at = requested_at", "readmission_by_two_people"),
        ("approved_by = gen_random_uuid()", "readmission_approved_after_request"),
        ("approved_at = requested_at", "readmission_approved_after_request"),
    ],
)
def test_the_database_refuses_half_an_approval(cast, prepared, now, change, constraint):
    ask(cast, prepared, now)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE people_readmission SET " + change)  # noqa: S608

"""Erasure: the key is destroyed, evidence still verifies, and two people let an erased person be registered again."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, connection, transaction

from consent.consents.models import ConsentEvent, ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import (
    SubjectErased,
    SubjectUnknown,
    get_subject,
    is_erased,
    list_subjects,
    sealer_of,
    search_subjects,
)
from paktaleem.directory.people.services.erasure import (
    AlreadyErased,
    approve_readmission,
    erase_subject,
    request_readmission,
)
from paktaleem.directory.people.services.people import claim_guardian, register_subject, reveal_fields
from paktaleem.directory.people.tasks import forget_in_statistics
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import compute_leaf_hash
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.encryption.sealing import CannotOpen, blind_index
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.making import shown
from tests.tenancy.connections import enter, rows
from tests.traces import forms

# ruff: noqa: E501, S608 -- SQL and tables read better in one line; names of our own tables


WHY = Reason.SUBJECT_REQUEST


def erase(cast, name, now, actor="amina"):
    return erase_subject(cast.subject(name), actor=cast.actor(actor), reason=WHY, at=now)


def test_erasing_destroys_the_key_empties_the_row_and_history_and_ledger_show_who_and_why(cast, indus, now):
    erase(cast, "danish", now)
    danish = cast.subject("danish")
    assert not SubjectKey.objects.filter(subject_id=danish.id).exists()
    for column in (*PERSONAL, "external_id", "email_index", "phone_index", "name_index", "details_index", "of_age_at"):
        assert getattr(danish, column) is None, column
    assert (danish.erased_at, danish.changed_at, str(danish)) == (now, now, "erased")
    digest = hashlib.sha256(b"lms-danish").hexdigest()
    assert bytes(danish.tombstone) == blind_index(indus.id, "tombstone", digest)
    latest = danish.history.order_by("-history_date").first()
    why = (latest.actor_id, latest.history_change_reason, latest.erased_at)
    assert why == (cast.user_id("amina"), "subject_request", now)
    entry = Entry.objects.get(subject_id=cast.subject_id("danish"), kind="subject.erased")
    assert (entry.actor_id, entry.recorded_at, json.loads(entry.body)["facts"]) == (cast.user_id("amina"), now, {})


@pytest.mark.parametrize("actor", ["bilal", "sana", "farah", "celia"])
def test_only_officers_erase(cast, indus, now, actor):
    with pytest.raises(NotAllowed):
        erase(cast, "danish", now, actor)
    with pytest.raises(NotAllowed):
        erase_subject(cast.subject("danish"), actor=cast.key_actor("indus"), reason=WHY, at=now)
    assert sealer_of(cast.subject("danish"))


def test_no_service_acts_on_an_erased_person(cast, indus, now):
    stale = cast.subject("danish")
    erased = erase(cast, "danish", now)
    farah, amina, esra = cast.actor("farah"), cast.actor("amina"), cast.subject("esra")
    attempts = [
        lambda: erase_subject(stale, actor=amina, reason=WHY, at=now),
        lambda: reveal_fields(erased, actor=amina, reason=WHY, at=now),
        lambda: reveal_fields(stale, actor=amina, reason=WHY, at=now),
        lambda: register_subject("lms-danish", client=indus, details={"role": "student"}, actor=farah, at=now),
        lambda: register_subject(" lms-danish ", client=indus, details={"role": "student"}, actor=farah, at=now),
        lambda: record_answers(stale, answers=[Answer("newsletter", ConsentState.REFUSED)], actor=farah, at=now),
        lambda: withdraw_consent(stale, purpose="newsletter", actor=farah, at=now),
        lambda: claim_guardian(erased, guardian=esra, relationship="relative", actor=farah, at=now),
        lambda: claim_guardian(cast.subject("hamza"), guardian=erased, relationship="parent", actor=farah, at=now),
        lambda: restrict_processing(erased, actor=amina, reason=WHY, at=now),
        lambda: object_to_purpose(erased, purpose_code="platform_improvement", actor=amina, reason=WHY, at=now),
    ]
    for attempt in attempts:
        with pytest.raises(AlreadyErased):
            attempt()


def test_only_their_client_knows_that_a_person_was_erased_and_another_may_use_the_id(cast, now):
    with in_client(cast.client_id("indus")):
        erase(cast, "danish", now)
        with pytest.raises(SubjectErased):
            get_subject("lms-danish", actor=cast.actor("farah"))
        assert not search_subjects(list_subjects(cast.actor("farah")), "lms-danish").exists()
    with in_client(cast.client_id("khyber")):
        assert not is_erased("lms-danish", client_id=cast.client_id("khyber"))
        with pytest.raises(SubjectUnknown) as caught:
            get_subject("lms-danish", actor=cast.actor("celia"))
        assert not isinstance(caught.value, SubjectErased)
        by = {"actor": cast.actor("celia"), "at": now}
        assert register_subject("lms-danish", client=cast.client("khyber"), details={"role": "learner"}, **by)[1]


def test_history_cannot_be_decrypted_after_an_erasure(cast, indus, now):
    sealer = sealer_of(cast.subject("danish"))
    old = cast.subject("danish").history.order_by("history_date").first()
    assert sealer.open(old.full_name, column="people_subject.full_name") == "Danish Qureshi"
    erase(cast, "danish", now)
    with pytest.raises(CannotOpen):
        sealer_of(cast.subject("danish"))


def test_no_other_person_is_changed_and_evidence_still_verifies(cast, indus, now):
    others = Subject.objects.exclude(id=cast.subject_id("danish")).order_by("id")
    before, evidence = list(others.values()), {one.id: bytes(one.leaf_hash) for one in Entry.objects.all()}
    erase(cast, "danish", now)
    assert (list(others.values()), SubjectKey.objects.count()) == (before, len(before))
    for entry in Entry.objects.filter(id__in=evidence):
        assert bytes(entry.leaf_hash) == evidence[entry.id] == compute_leaf_hash(entry.body.encode())


CANARIES = {
    "external_id": "canary-id-7f3a",
    "full_name": "Canarina Xylotheque",
    "email": "canarina.xylotheque@canary.example",
    "phone": "+921118675309",
    "birth_date": "2016-02-29",
    "guardian_name": "Guardiana Zymurgist",
    "guardian_email": "guardiana.zymurgist@canary.example",
    "guardian_phone": "+921118675310",
    "new_name": "Canarina Weltschmerz",
}


def dump():
    """Return the whole database, table by table, as the superuser reads it."""
    with enter(SUPERUSER) as door:
        names = rows(
            door,
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'pg_catalog'::regnamespace)",
        )
        text = []
        for (name,) in names:
            with door.cursor().copy(f"COPY {name} TO STDOUT") as copy:
                text += [bytes(part) for part in copy]
    return b"".join(text)


def make_statistics(table="people_subject"):
    with enter(SUPERUSER) as door:
        door.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")  # waits until it has ended
    forget_in_statistics(0)


def is_in_statistics(external_id):
    with enter(SUPERUSER) as door:
        return bool(
            rows(door, "SELECT attname FROM pg_stats WHERE histogram_bounds::text LIKE %s", [f"%%{external_id}%%"])
        )


def make_canary(cast, now):
    amina, indus = cast.actor("amina"), cast.client("indus")
    by: dict[str, Any] = {"actor": cast.actor("farah"), "at": now}
    own = {name: CANARIES[name] for name in ("full_name", "email", "phone")}
    hers = {"full_name": CANARIES["guardian_name"], "email": CANARIES["guardian_email"]}
    details = {"role": "student", **own, "birth_date": date.fromisoformat(CANARIES["birth_date"])}
    zoe, _ = register_subject(CANARIES["external_id"], client=indus, details=details, **by)
    details = {"role": "guardian", **hers, "phone": CANARIES["guardian_phone"]}
    guardian, _ = register_subject("guardian-of-canary", client=indus, details=details, **by)
    claim_guardian(zoe, guardian=guardian, relationship="parent", **by)
    register_subject(CANARIES["external_id"], client=indus, details={"full_name": CANARIES["new_name"]}, **by)
    given: dict[str, Any] = {"answers": [Answer("newsletter", ConsentState.GIVEN)], "shown": shown(indus.id, now)}
    record_answers(zoe, **given, given_by=GivenBy.GUARDIAN, guardian=guardian, **by)
    reveal_fields(zoe, actor=amina, reason=Reason.SUPPORT_CASE, at=now)
    return zoe, guardian


def sealed_values_in(person):
    with enter(SUPERUSER) as door:
        found = []
        for table in ("people_subject", "people_historicalsubject"):
            for column in PERSONAL:
                found += rows(door, f"SELECT {column} FROM {table} WHERE id = %s AND {column} IS NOT NULL", [person])
        found += rows(door, "SELECT openings FROM audit_entry WHERE subject_id = %s AND openings IS NOT NULL", [person])
        keys = rows(door, "SELECT wrapped, epoch FROM people_subjectkey WHERE subject_id = %s", [person])
    return [bytes(blob) for (blob,) in found], keys


def opens(blob, key, place):
    try:
        AESGCM(key).decrypt(blob[1:13], blob[13:], place)
    except InvalidTag:
        return False
    return True


def test_no_personal_value_is_in_clear_or_decryptable_after_an_erasure(committed, now):
    with in_client(committed.client_id("indus")):
        zoe, guardian = make_canary(committed, now)
    make_statistics()
    assert is_in_statistics(CANARIES["external_id"]), "the planner's sample of a few people has each LMS id"
    before = dump().lower()
    assert CANARIES["external_id"].encode() in before, "the one plain identifier: the dump does see committed rows"
    for name, value in CANARIES.items():
        if name != "external_id":
            assert not [form for form in forms(value) if form.lower() in before], name
    sealed, keys = sealed_values_in(zoe.id)
    assert len(keys) == 1
    assert len(sealed) >= 4 + 8 + 2

    for person in (zoe, guardian):
        with in_client(committed.client_id("indus")):
            erase_subject(person, actor=committed.actor("amina"), reason=WHY, at=now + timedelta(hours=1))
    assert is_in_statistics(CANARIES["external_id"]), "until the night"
    make_statistics()
    after = dump().lower()
    for name, value in CANARIES.items():
        assert not [form for form in forms(value) if form.lower() in after], name
    assert b"guardian-of-canary" not in after

    left, keys = sealed_values_in(zoe.id)
    assert keys == []
    assert len(left) >= 8 + 2, "history and evidence keep their ciphertext"
    with in_client(committed.client_id("indus")):
        assert ConsentEvent.objects.filter(subject_id=zoe.id).count() == 1


def test_the_search_finds_a_value_stored_in_clear(committed, now):
    with enter(SUPERUSER) as door:
        door.execute("UPDATE people_subject SET language = 'xq-bird' WHERE external_id = 'lms-danish'")
        door.execute(
            "UPDATE people_subject SET name_index = %s WHERE external_id = 'lms-danish'", [b"Canarina Xylotheque"]
        )
    found = dump().lower()
    assert b"xq-bird" in found
    assert [form for form in forms("Canarina Xylotheque") if form.lower() in found]


def test_erasing_an_id_does_not_erase_it_in_another_letter_case(cast, now):
    with in_client(cast.client_id("indus")):
        by = {"actor": cast.actor("farah"), "at": now}
        upper, _lower = (
            register_subject(one, client=cast.client("indus"), details={"role": "student"}, **by)[0]
            for one in ("ABC", "abc")
        )
        erase_subject(upper, actor=cast.actor("amina"), reason=WHY, at=now)
        assert is_erased("ABC", client_id=cast.client_id("indus"))
        assert not is_erased("abc", client_id=cast.client_id("indus"))


@pytest.fixture
def prepared(cast, now):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("danish"), actor=cast.actor("amina"), reason="subject_request", at=now)
        yield cast.client("indus")


def ask(cast, prepared, now, actor="amina", external_id="lms-danish"):
    actor = cast.actor(actor) if isinstance(actor, str) else actor
    return request_readmission(external_id, ground="They asked for it.", actor=actor, client_id=prepared.id, at=now)


def register(cast, client, now):
    return register_subject("lms-danish", client=client, details={"role": "student"}, actor=cast.actor("farah"), at=now)


def test_after_two_approvals_a_person_is_registered_as_new(cast, prepared, now, second):
    asked = ask(cast, prepared, now)
    with pytest.raises(AlreadyErased):
        register(cast, prepared, now)
    assert is_erased("lms-danish", client_id=prepared.id), "one person is not enough"
    asked = approve_readmission(asked, actor=second, at=now)
    kinds = Entry.objects.filter(kind__startswith="readmission.").order_by("id").values_list("kind", "actor_id")
    assert list(kinds) == [("readmission.requested", cast.user_id("amina")), ("readmission.approved", second.id)]
    versions = asked.history.order_by("history_id").values_list("actor_id", flat=True)
    assert list(versions) == [cast.user_id("amina"), second.id]
    assert not is_erased("lms-danish", client_id=prepared.id)
    person, is_new = register(cast, prepared, now)
    assert is_new
    assert person.id != cast.subject_id("danish")
    row = cast.subject("danish")
    assert (row.erased_at, row.external_id, row.full_name, row.details_index) == (now, None, None, None)
    assert row.tombstone


@pytest.mark.parametrize("actor", ["bilal", "sana", "farah", "celia"])
def test_other_roles_may_neither_request_nor_approve(cast, prepared, now, actor):
    with pytest.raises(NotAllowed):
        ask(cast, prepared, now, actor)
    asked = ask(cast, prepared, now)
    with pytest.raises(NotAllowed):
        approve_readmission(asked, actor=cast.actor(actor), at=now)
    with pytest.raises(NotAllowed):
        ask(cast, prepared, now, system_actor("task"))


def test_a_readmission_is_of_erased_people_and_neither_requested_nor_approved_twice(cast, prepared, now, second):
    asked = ask(cast, prepared, now)
    for external_id in ("lms-danish", "lms-hamza", "lms-nobody"):
        with pytest.raises(Refused):
            ask(cast, prepared, now, external_id=external_id)
    approve_readmission(asked, actor=second, at=now)
    with pytest.raises(Refused):
        approve_readmission(asked, actor=second, at=now)
    with pytest.raises(Refused):
        ask(cast, prepared, now)


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
        cursor.execute("UPDATE people_readmission SET " + change)

"""Ledger entries: canonical bytes, hashes, actor and time, no personal data."""

import hashlib
import hmac
import json
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import given, strategies as st

from consent.consents.models import ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.consents.services.restrictions import object_to_purpose, restrict_processing
from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import claim_guardian, register_subject, reveal_fields
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import ApiKey, Client, Membership
from paktaleem.foundation.accounts.services import issue_api_key, revoke_api_key
from paktaleem.foundation.audit import services
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import canonical, commitment, compute_leaf_hash, new_salt
from paktaleem.foundation.audit.history import UnstampedChange, save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.tenancy.context import in_client
from tests.consent.making import shown

PERSONAL = {
    "full_name": "Zoë Quaintrelle",
    "email": "zoe.quaintrelle@canary.example",
    "phone": "+923331112223",
    "birth_date": "2016-02-29",
}


def entries(**wanted):
    return list(Entry.objects.filter(**wanted).order_by("recorded_at", "id"))


def test_an_entry_is_its_canonical_body_and_the_hash_of_it(indus, now):
    actor = system_actor("tests")
    made = record_entry("test.done", client_id=indus.id, facts={"b": 1, "a": ["x"]}, actor=actor, at=now)
    kept = Entry.objects.get(id=made.id)
    assert json.loads(kept.body) == {
        "id": str(kept.id),
        "kind": "test.done",
        "client": str(indus.id),
        "subject": None,
        "actor": {"kind": "system", "id": str(actor.id), "role": "system"},
        "recorded_at": "2026-10-01T09:00:00+00:00",
        "facts": {"a": ["x"], "b": 1},
    }
    assert bytes(kept.leaf_hash) == hashlib.sha256(b"\x00" + kept.body.encode()).digest()


def test_every_entry_of_the_cast_hashes_to_its_leaf(cast):
    for code in ("paktaleem", "indus", "khyber"):
        with in_client(cast.client_id(code)):
            found = entries(client_id=cast.client_id(code))
            assert found
            for entry in found:
                assert bytes(entry.leaf_hash) == hashlib.sha256(b"\x00" + entry.body.encode()).digest()
                body = json.loads(entry.body)
                assert (body["id"], body["kind"], body["client"]) == (str(entry.id), entry.kind, str(entry.client_id))
                assert body["subject"] == (str(entry.subject_id) if entry.subject_id else None)
                assert body["actor"] == {"kind": entry.actor_kind, "id": str(entry.actor_id), "role": entry.actor_role}
                assert body["recorded_at"] == entry.recorded_at.isoformat()


def test_facts_that_are_no_json_are_refused(indus, now):
    with pytest.raises((TypeError, ValueError)):
        record_entry("test.done", client_id=indus.id, facts={"at": now}, actor=system_actor("tests"), at=now)


def test_an_entry_for_another_client_is_refused(indus, cast, now):
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        record_entry("x", client_id=cast.client_id("khyber"), facts={}, actor=system_actor("tests"), at=now)


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET body = ''", "DELETE FROM audit_entry"])
def test_the_database_refuses_a_change(indus, change):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_without_evidence_there_is_no_act(indus, cast, now, monkeypatch):
    def broken(*_, **__):
        raise IntegrityError("the ledger is full")

    monkeypatch.setattr(services, "insert_rows", broken)
    with pytest.raises(IntegrityError), transaction.atomic():
        register_subject("stu-x", client=indus, details={"role": "student"}, actor=cast.actor("farah"), at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    assert not Subject.objects.filter(external_id="stu-x").exists()
    assert cast.subject("hamza").erased_at is None
    assert sealer_of(cast.subject("hamza"))


def all_acts(cast, indus, now):
    farah, amina = cast.actor("farah"), cast.actor("amina")
    details = {**PERSONAL, "birth_date": date(2016, 2, 29), "role": "student"}
    zoe, _ = register_subject("stu-zoe", client=indus, details=details, actor=farah, at=now)
    guardian, _ = register_subject(
        "gua-zoe", client=indus, details={"role": "guardian", "full_name": "Quaintrelle Senior"}, actor=farah, at=now
    )
    register_subject("stu-zoe", client=indus, details={"phone": "+923339998887"}, actor=farah, at=now)
    claim_guardian(zoe, guardian=guardian, relationship="parent", actor=farah, at=now)
    for minutes, state in enumerate((ConsentState.REFUSED, ConsentState.GIVEN)):
        at = now + timedelta(minutes=minutes)
        record_answers(
            zoe,
            answers=[Answer("newsletter", state)],
            shown=shown(indus.id, at),
            given_by=GivenBy.GUARDIAN,
            guardian=guardian,
            actor=farah,
            at=at,
        )
    now += timedelta(minutes=1)
    withdraw_consent(zoe, purpose="newsletter", actor=farah, at=now)
    restrict_processing(zoe, actor=amina, reason=Reason.SUBJECT_REQUEST, at=now)
    object_to_purpose(zoe, purpose_code="platform_improvement", actor=amina, reason=Reason.SUBJECT_REQUEST, at=now)
    reveal_fields(zoe, actor=amina, reason=Reason.SUPPORT_CASE, at=now)
    erase_subject(zoe, actor=amina, reason=Reason.SUBJECT_REQUEST, at=now + timedelta(minutes=1))
    return zoe


def test_no_body_holds_anything_personal(indus, cast, now):
    zoe = all_acts(cast, indus, now)
    found = entries(subject_id=zoe.id)
    assert [entry.kind for entry in found] == [
        "subject.registered",
        "subject.changed",
        "guardian.claimed",
        "consent.refused",
        "consent.given",
        "consent.withdrawn",
        "restriction.opened",
        "objection.opened",
        "subject.erased",
    ]
    text = "\n".join(entry.body for entry in found).casefold()
    for value in (*PERSONAL.values(), "quaintrelle", "canary", "+923339998887", "stu-zoe", "2029-02", "2029-03"):
        assert value.casefold() not in text


def test_no_body_holds_a_hash_that_could_be_guessed(indus, cast, now):
    zoe = all_acts(cast, indus, now)
    text = "\n".join(entry.body for entry in entries(subject_id=zoe.id))
    for value in (*PERSONAL.values(), "stu-zoe", "Quaintrelle Senior"):
        for guess in (value, value.casefold(), json.dumps(value), json.dumps(value, ensure_ascii=False)):
            for algorithm in ("md5", "sha1", "sha256", "sha512"):
                assert hashlib.new(algorithm, guess.encode()).hexdigest() not in text
                assert hashlib.new(algorithm, b"\x00" + guess.encode()).hexdigest() not in text


def test_a_commitment_in_evidence_opens_with_the_persons_key(indus, cast, now):
    details = {"role": "student", "full_name": "Zoë Quaintrelle"}
    zoe, _ = register_subject("stu-zoe", client=indus, details=details, actor=cast.actor("farah"), at=now)
    [entry] = entries(subject_id=zoe.id)
    salt = bytes.fromhex(sealer_of(zoe).open(Sealed(bytes(entry.openings)), column="audit_entry.openings"))
    made = json.loads(entry.body)["facts"]["commitments"]["full_name"]
    assert made == hmac.new(salt, '"Zoë Quaintrelle"'.encode(), "sha256").hexdigest()


def test_evidence_names_key_and_scopes_and_no_secret(indus, cast, now):
    key, secret = issue_api_key(
        indus.id,
        name="Grade book",
        scopes=["subjects:read"],
        expires_at=now + timedelta(days=30),
        actor=cast.actor("farah"),
        at=now,
    )
    revoke_api_key(key, actor=cast.actor("farah"), reason=Reason.KEY_ROTATION, at=now)
    issued, revoked = entries(kind__startswith="api_key", recorded_at=now)
    assert json.loads(issued.body)["facts"]["scopes"] == ["subjects:read"]
    assert json.loads(revoked.body)["facts"] == {"key": str(key.id)}
    for entry in (issued, revoked):
        assert entry.actor_id == cast.user_id("farah")
        assert secret not in entry.body
        assert key.digest.hex() not in entry.body


def test_ids_of_evidence_rise(indus, now):
    actor = system_actor("tests")
    made = [record_entry("x", client_id=indus.id, facts={}, actor=actor, at=now).id for _ in range(200)]
    assert made == sorted(made)
    assert {identifier.version for identifier in made} == {7}
    assert len(set(made)) == 200
    assert all(isinstance(identifier, uuid.UUID) for identifier in made)


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


TRACKED: list[Any] = [Client, Membership, ApiKey, Subject, GuardianClaim, Purpose]


def test_a_change_says_who_why_and_when(indus, cast, now):
    before = indus.history.count()
    indus.name = "Indus Schools"
    save_tracked(indus, actor=cast.actor("amina"), reason=Reason.CORRECTION, at=now)
    assert indus.history.count() == before + 1
    latest = indus.history.order_by("-history_date").first()
    assert (latest.name, latest.actor_id, latest.actor_role, latest.actor_kind) == (
        "Indus Schools",
        cast.user_id("amina"),
        "privacy_officer",
        "user",
    )
    assert (latest.history_change_reason, latest.history_date) == ("correction", now)


def test_a_change_without_a_stamp_is_refused(indus):
    with pytest.raises(UnstampedChange, match="use its service"):
        indus.save()


def test_a_stamp_is_used_once(indus, cast, now):
    save_tracked(indus, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
    with pytest.raises(UnstampedChange):
        indus.save()


def test_a_free_text_is_no_reason(indus, cast, now):
    with pytest.raises(ValueError, match="because I can"):
        save_tracked(indus, actor=cast.actor("amina"), reason="because I can", at=now)


@pytest.mark.parametrize("model", TRACKED)
def test_bulk_writes_are_refused(indus, model):
    rows = list(model.objects.filter(**({"id": indus.id} if model is Client else {"client_id": indus.id}))[:1])
    for write in (
        lambda: model.objects.update(id=None),
        lambda: model.objects.filter(pk=None).update(id=None),
        lambda: model.objects.bulk_create([]),
        lambda: model.objects.bulk_update(rows, ["client_id"]),
        lambda: model.objects.all().delete(),
        lambda: model.objects.update_or_create({"id": rows[0].pk}, pk=rows[0].pk),
    ):
        with pytest.raises(UnstampedChange):
            write()


def test_one_row_is_not_deleted_either(indus, cast):
    claim = GuardianClaim.objects.get(child_id=cast.subject_id("danish"))
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        claim.delete()


def test_all_tracked_rows_of_the_cast_have_a_stamped_version(indus):
    for model in TRACKED:
        for row in model.objects.filter(**({"id": indus.id} if model is Client else {"client_id": indus.id})):
            versions = list(model.history.filter(id=row.pk))
            assert versions, row
            assert all(
                version.actor_id and version.actor_role and version.history_change_reason for version in versions
            )


def test_history_holds_no_plain_identifier():
    columns = {field.name for field in Subject.history.model._meta.fields}
    assert not columns & {"external_id", "email_index", "phone_index", "name_index", "details_index"}
    assert "digest" not in {field.name for field in ApiKey.history.model._meta.fields}


@pytest.mark.parametrize(
    "change", ["UPDATE people_historicalsubject SET actor_role = 'x'", "DELETE FROM accounts_historicalclient"]
)
def test_the_database_refuses_to_change_history(indus, change):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)

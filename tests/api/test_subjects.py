"""PUT and GET /api/v1/subjects/{external_id}."""

import json
from typing import Any

import pytest

from children.guardians.models.guardians import Guardianship
from children.guardians.services.guardians import name_guardian
from paktaleem.directory.people.models import AccessRecord, GuardianClaim, Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client

NEW = "/api/v1/subjects/lms-new"
ZARA = {"role": "student", "full_name": "Zara Khan", "email": "zara@students.example", "birth_date": "2010-05-01"}


def test_a_person_is_registered_then_updated(indus):
    first, again = indus.put(NEW, ZARA), indus.put(NEW, ZARA)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["age_gate"]["state"] == "of_age"


def test_neither_response_nor_row_has_personal_data_in_clear(indus, cast):
    assert "Zara" not in indus.put(NEW, ZARA).content.decode()
    with in_client(cast.client_id("indus")):
        subject = Subject.objects.get(external_id="lms-new")
        assert str(subject.full_name) == "•••"
        assert b"Zara" not in subject.full_name.ciphertext


def test_history_and_ledger_show_actor_and_reason(indus, cast):
    indus.put(NEW, ZARA)
    indus.put(NEW, {**ZARA, "full_name": "Zahra Khan"})
    with in_client(cast.client_id("indus")):
        subject = Subject.objects.get(external_id="lms-new")
        versions = list(subject.history.order_by("history_date"))
        assert [version.history_type for version in versions] == ["+", "~"]
        assert {version.actor_id for version in versions} == {cast.key_id("indus")}
        assert {version.history_change_reason for version in versions} == {"lms_update"}
        kinds = Entry.objects.filter(subject_id=subject.id).order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["subject.registered", "subject.changed"]


def test_omitted_fields_stay_and_null_clears_them(indus, cast):
    indus.put(NEW, ZARA)
    indus.put(NEW, {"role": "student", "email": None})
    shown = indus.get(NEW, include="personal", reason="support_case").json()["personal"]
    assert shown["full_name"] == "Zara Khan"
    assert shown["email"] is None


def test_guardians_are_registered_with_a_claimed_relation(indus, cast):
    guardian = {"external_id": "lms-mother", "full_name": "Nida Khan", "relationship": "parent", "language": "ur"}
    assert indus.put(NEW, {**ZARA, "guardians": [guardian]}).status_code == 201
    with in_client(cast.client_id("indus")):
        claim = GuardianClaim.objects.select_related("child", "guardian").get(guardian__external_id="lms-mother")
        assert claim.child.external_id == "lms-new"
        assert claim.guardian.role == "guardian"


MOTHER = {"external_id": "lms-mother", "full_name": "Nida Khan", "relationship": "parent"}
FATHER = {"external_id": "lms-father", "full_name": "Omar Khan", "relationship": "parent"}


def open_claims():
    claims = GuardianClaim.objects.filter(child__external_id="lms-new", ends_at=None)
    return set(claims.values_list("guardian__external_id", flat=True))


def test_omitting_a_guardian_from_the_list_ends_the_claim(indus, cast):
    indus.put(NEW, {**ZARA, "guardians": [MOTHER, FATHER]})
    assert indus.put(NEW, {**ZARA, "guardians": [MOTHER]}).status_code == 200
    with in_client(cast.client_id("indus")):
        ended = GuardianClaim.objects.get(guardian__external_id="lms-father")
        assert open_claims() == {"lms-mother"}
        assert ended.ends_at is not None
        version = ended.history.latest()
        assert (version.history_type, version.ends_at, version.actor_id) == ("~", ended.ends_at, cast.key_id("indus"))
        [entry] = Entry.objects.filter(kind="guardian.claim_ended", subject_id=ended.child_id)
        assert json.loads(entry.body)["facts"] == {"guardian": str(ended.guardian_id)}
    indus.put(NEW, {**ZARA, "guardians": [MOTHER]})
    with in_client(cast.client_id("indus")):
        assert Entry.objects.filter(kind="guardian.claim_ended").count() == 1


def test_an_empty_list_ends_every_claim_and_no_list_ends_none(indus, cast):
    indus.put(NEW, {**ZARA, "guardians": [MOTHER, FATHER]})
    indus.put(NEW, ZARA)
    with in_client(cast.client_id("indus")):
        assert open_claims() == {"lms-mother", "lms-father"}
    indus.put(NEW, {**ZARA, "guardians": []})
    with in_client(cast.client_id("indus")):
        assert open_claims() == set()


def test_a_batch_ends_claims_like_a_put(indus, cast):
    indus.put(NEW, {**ZARA, "guardians": [MOTHER, FATHER]})
    batch = {
        "subjects": [{"external_id": "lms-new", **ZARA, "guardians": [FATHER]}, {"external_id": "lms-two", **ZARA}]
    }
    assert indus.post("/api/v1/subjects/batch", batch).status_code == 200
    with in_client(cast.client_id("indus")):
        assert open_claims() == {"lms-father"}


def test_a_guardian_listed_again_has_a_new_start(indus, cast):
    indus.put(NEW, {**ZARA, "guardians": [MOTHER]})
    with in_client(cast.client_id("indus")):
        first = GuardianClaim.objects.get(guardian__external_id="lms-mother").starts_at
    indus.put(NEW, {**ZARA, "guardians": []})
    indus.put(NEW, {**ZARA, "guardians": [MOTHER]})
    with in_client(cast.client_id("indus")):
        again = GuardianClaim.objects.get(guardian__external_id="lms-mother")
        assert again.ends_at is None
        assert again.starts_at > first


def test_a_guardian_recorded_by_the_school_stays_if_omitted_from_the_list(indus, cast, now):
    by: dict[str, Any] = {"actor": cast.actor("farah"), "at": now}
    terms: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
    with in_client(cast.client_id("indus")):
        named = name_guardian(cast.subject("danish"), guardian=cast.subject("esra"), **terms, **by)
    assert indus.put("/api/v1/subjects/lms-danish", {"role": "student", "guardians": []}).status_code == 200
    with in_client(cast.client_id("indus")):
        assert GuardianClaim.objects.filter(child=cast.subject("danish"), ends_at=None).count() == 0
        assert Guardianship.objects.get(pk=named.pk).ends_at is None


def test_reading_personal_fields_needs_a_reason_and_is_recorded(indus, cast):
    assert indus.get("/api/v1/subjects/lms-danish", include="personal").status_code == 400
    assert "Danish Qureshi" not in indus.get("/api/v1/subjects/lms-danish").content.decode()
    shown = indus.get("/api/v1/subjects/lms-danish", include="personal", reason="support_case")
    assert shown.json()["personal"]["full_name"] == "Danish Qureshi"
    with in_client(cast.client_id("indus")):
        record = AccessRecord.objects.get(subject_id=cast.subject_id("danish"))
        assert (record.actor_id, record.reason) == (cast.key_id("indus"), "support_case")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"role": "headmaster"}, "#/role"),
        ({"role": None}, "#/role"),
        ({"email": "not an address"}, "#/email"),
        ({"phone": "call me"}, "#/phone"),
        ({"birth_date": "01/05/2010"}, "#/birth_date"),
        ({"birth_date": "2999-01-01"}, "#/birth_date"),
        ({"attested_age": -1}, "#/attested_age"),
        ({"attested_age": "twelve"}, "#/attested_age"),
        ({"language": "tlh"}, "#/language"),
        ({"full_name": ["Zara"]}, "#/full_name"),
        ({"full_name": "Z" * 301}, "#/full_name"),
        ({"shoe_size": 36}, "#/shoe_size"),
        ({"guardians": [{"external_id": "g"}]}, "#/guardians/0/relationship"),
        ({"guardians": "mother"}, "#/guardians"),
    ],
)
def test_an_invalid_field_is_named_and_nothing_is_stored(indus, cast, change, pointer):
    response = indus.put(NEW, ZARA | change)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == "urn:paktaleem:problem:invalid-input"
    assert pointer in {error["pointer"] for error in response.json()["errors"]}
    with in_client(cast.client_id("indus")):
        assert not Subject.objects.filter(external_id="lms-new").exists()


def test_an_email_address_is_refused_as_an_id(indus):
    response = indus.put("/api/v1/subjects/zara@students.example", ZARA)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/external_id"


def test_an_invalid_guardian_rolls_back_the_child(indus, cast):
    guardian = {"external_id": "no@address", "full_name": "Nida Khan", "relationship": "parent"}
    assert indus.put(NEW, {**ZARA, "guardians": [guardian]}).status_code == 400
    with in_client(cast.client_id("indus")):
        assert not Subject.objects.filter(external_id="lms-new").exists()


def test_another_clients_person_is_answered_like_an_unknown_one(indus):
    foreign, made_up = indus.get("/api/v1/subjects/lms-kiran"), indus.get("/api/v1/subjects/lms-nobody")
    assert foreign.status_code == made_up.status_code == 404
    assert foreign.content == made_up.content


def test_one_id_at_two_clients_is_two_people(indus, khyber):
    ours, theirs = indus.put(NEW, ZARA), khyber.put(NEW, {"role": "learner", "full_name": "Someone Else"})
    assert ours.status_code == theirs.status_code == 201
    assert ours.json()["id"] != theirs.json()["id"]


def test_an_erased_person_is_410_and_cannot_be_registered_again(indus, cast, now):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)
    assert indus.get("/api/v1/subjects/lms-hamza").status_code == 410
    assert indus.put("/api/v1/subjects/lms-hamza", ZARA).status_code == 409
    assert indus.reason("lms-hamza", "service_delivery") == "subject_erased"

"""People over the API: one by one, in batches, the events of their accounts, and several roles of one person."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from children.guardians.models import Guardianship
from children.guardians.services.guardians import name_guardian
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services import change_register
from paktaleem.directory.people.models import AccessRecord, GuardianClaim, Subject, SubjectEvent
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import question
from tests.api.test_idempotency import in_threads, post
from tests.children.guardians import approve_host
from tests.consent.making import accept_by_two
from tests.factories import CAST_AT, SETTING_UP

NEW = "/api/v1/subjects/lms-new"
ZARA = {"role": "student", "full_name": "Zara Khan", "email": "zara@students.example", "birth_date": "2010-05-01"}


def test_a_person_is_registered_then_updated(indus_lms):
    first, again = indus_lms.put(NEW, ZARA), indus_lms.put(NEW, ZARA)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["age_gate"]["state"] == "of_age"


def test_no_personal_data_is_in_clear_and_omitted_fields_stay_and_null_clears_them(indus_lms, cast):
    assert "Zara" not in indus_lms.put(NEW, ZARA).content.decode()
    with in_client(cast.client_id("indus")):
        subject = Subject.objects.get(external_id="lms-new")
        assert str(subject.full_name) == "•••"
        assert b"Zara" not in subject.full_name.ciphertext
    indus_lms.put(NEW, {"role": "student", "email": None})
    shown = indus_lms.get(NEW, include="personal", reason="support_case").json()["personal"]
    assert shown["full_name"] == "Zara Khan"
    assert shown["email"] is None


def test_guardians_are_registered_with_a_claimed_relation(indus_lms, cast):
    guardian = {"external_id": "lms-mother", "full_name": "Nida Khan", "relationship": "parent", "language": "ur"}
    assert indus_lms.put(NEW, {**ZARA, "guardians": [guardian]}).status_code == 201
    with in_client(cast.client_id("indus")):
        claim = GuardianClaim.objects.select_related("child", "guardian").get(guardian__external_id="lms-mother")
        assert claim.child.external_id == "lms-new"
        assert claim.guardian.role == "guardian"


MOTHER = {"external_id": "lms-mother", "full_name": "Nida Khan", "relationship": "parent"}
FATHER = {"external_id": "lms-father", "full_name": "Omar Khan", "relationship": "parent"}


def open_claims():
    claims = GuardianClaim.objects.filter(child__external_id="lms-new", ends_at=None)
    return set(claims.values_list("guardian__external_id", flat=True))


def test_omitting_a_guardian_from_the_list_ends_the_claim(indus_lms, cast):
    indus_lms.put(NEW, {**ZARA, "guardians": [MOTHER, FATHER]})
    assert indus_lms.put(NEW, {**ZARA, "guardians": [MOTHER]}).status_code == 200
    with in_client(cast.client_id("indus")):
        ended = GuardianClaim.objects.get(guardian__external_id="lms-father")
        assert open_claims() == {"lms-mother"}
        assert ended.ends_at is not None
        version = ended.history.latest()
        assert (version.history_type, version.ends_at, version.actor_id) == ("~", ended.ends_at, cast.key_id("indus"))
        [entry] = Entry.objects.filter(kind="guardian.claim_ended", subject_id=ended.child_id)
        assert json.loads(entry.body)["facts"] == {"guardian": str(ended.guardian_id)}
    indus_lms.put(NEW, {**ZARA, "guardians": [MOTHER]})
    with in_client(cast.client_id("indus")):
        assert Entry.objects.filter(kind="guardian.claim_ended").count() == 1


def test_an_empty_list_ends_every_claim_no_list_ends_none_and_a_batch_ends_them_like_a_put(indus_lms, cast):
    indus_lms.put(NEW, {**ZARA, "guardians": [MOTHER, FATHER]})
    indus_lms.put(NEW, ZARA)
    with in_client(cast.client_id("indus")):
        assert open_claims() == {"lms-mother", "lms-father"}
    people = [{"external_id": "lms-new", **ZARA, "guardians": [FATHER]}, {"external_id": "lms-two", **ZARA}]
    assert indus_lms.post(BATCH, {"subjects": people}).status_code == 200
    with in_client(cast.client_id("indus")):
        assert open_claims() == {"lms-father"}
    indus_lms.put(NEW, {**ZARA, "guardians": []})
    with in_client(cast.client_id("indus")):
        assert open_claims() == set()


def test_a_guardian_recorded_by_the_school_stays_if_omitted_from_the_list(indus_lms, cast, now):
    by: dict[str, Any] = {"actor": cast.actor("farah"), "at": now}
    terms: dict[str, Any] = {"relationship": "parent", "may_consent": True, "may_receive_data": True}
    with in_client(cast.client_id("indus")):
        named = name_guardian(cast.subject("danish"), guardian=cast.subject("esra"), **terms, **by)
    assert indus_lms.put("/api/v1/subjects/lms-danish", {"role": "student", "guardians": []}).status_code == 200
    with in_client(cast.client_id("indus")):
        assert GuardianClaim.objects.filter(child=cast.subject("danish"), ends_at=None).count() == 0
        assert Guardianship.objects.get(pk=named.pk).ends_at is None


def test_reading_personal_fields_needs_a_reason_and_is_recorded(indus_lms, cast):
    assert indus_lms.get("/api/v1/subjects/lms-danish", include="personal").status_code == 400
    assert "Danish Qureshi" not in indus_lms.get("/api/v1/subjects/lms-danish").content.decode()
    shown = indus_lms.get("/api/v1/subjects/lms-danish", include="personal", reason="support_case")
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
        ({"guardians": [{"external_id": "no@address", "relationship": "parent"}]}, "#/external_id"),
    ],
)
def test_an_invalid_field_is_named_and_nothing_is_stored(indus_lms, cast, change, pointer):
    response = indus_lms.put(NEW, ZARA | change)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["type"] == "urn:paktaleem:problem:invalid-input"
    assert pointer in {error["pointer"] for error in response.json()["errors"]}
    assert not cast.has(Subject, external_id="lms-new")


def test_an_email_address_is_refused_as_an_id(indus_lms):
    response = indus_lms.put("/api/v1/subjects/zara@students.example", ZARA)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/external_id"


def test_another_clients_person_is_answered_like_an_unknown_one(indus_lms):
    foreign, made_up = indus_lms.get("/api/v1/subjects/lms-kiran"), indus_lms.get("/api/v1/subjects/lms-nobody")
    assert foreign.status_code == made_up.status_code == 404
    assert foreign.content == made_up.content


def test_an_erased_person_is_410_and_cannot_be_registered_again(indus_lms, cast, now):
    with in_client(cast.client_id("indus")):
        erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason="subject_request", at=now)
    assert indus_lms.get("/api/v1/subjects/lms-hamza").status_code == 410
    assert indus_lms.put("/api/v1/subjects/lms-hamza", ZARA).status_code == 409
    assert indus_lms.reason("lms-hamza", "service_delivery") == "subject_erased"


BATCH, EVENTS = "/api/v1/subjects/batch", "/api/v1/subjects/lms-kiran/events"


def person(number, **more):
    return {"external_id": f"lms-new-{number}", "role": "learner", "full_name": f"Person {number}", **more}


def count(cast, model=Subject, code="khyber"):
    with in_client(cast.client_id(code)):
        return model.objects.count()


def pointers(response, status=HTTPStatus.BAD_REQUEST):
    assert response.status_code == status, response.content
    return [error["pointer"] for error in response.json()["errors"]]


def test_people_are_registered_and_updated_together(khyber_lms, cast):
    people = [person(1), {"external_id": "lms-kiran", "role": "learner", "full_name": "Kiran T."}, person(2)]
    response = khyber_lms.post(BATCH, {"subjects": people})
    assert response.status_code == 200
    shown = response.json()["subjects"]
    assert [(one["external_id"], one["created"]) for one in shown] == [
        ("lms-new-1", True), ("lms-kiran", False), ("lms-new-2", True)]  # fmt: skip
    assert shown[1]["id"] == str(cast.subject_id("kiran"))
    again = khyber_lms.post(BATCH, {"subjects": people}).json()["subjects"]
    assert [one["id"] for one in again] == [one["id"] for one in shown]
    assert not any(one["created"] for one in again)


def test_guardians_are_registered_with_their_children(indus_lms, cast):
    children = [person(n, role="student", guardians=[MOTHER]) for n in (1, 2)]
    assert indus_lms.post(BATCH, {"subjects": children}).status_code == 200
    with in_client(cast.client_id("indus")):
        assert GuardianClaim.objects.filter(guardian__external_id="lms-mother").count() == 2


def test_every_invalid_person_is_named_and_none_is_stored(khyber_lms, cast):
    before = count(cast), count(cast, Entry)
    people = [person(0), person(1, email="nobody"), person(2, birth_date="2999-01-01"), person(3), person(4)]
    people[4]["external_id"] = "a@b.example"
    assert pointers(khyber_lms.post(BATCH, {"subjects": people})) == [
        "#/subjects/1/email", "#/subjects/2/birth_date", "#/subjects/4/external_id"]  # fmt: skip
    assert (count(cast), count(cast, Entry)) == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"colour": "green"}, "#/subjects/1/colour"),
        ({"role": "wizard"}, "#/subjects/1/role"),
        ({"full_name": 17}, "#/subjects/1/full_name"),
        ({"full_name": "x" * 301}, "#/subjects/1/full_name"),
        ({"guardians": [{"external_id": "g"}]}, "#/subjects/1/guardians/0/relationship"),
        ({"external_id": "lms-new-0"}, "#/subjects/1/external_id"),
        ({"external_id": ""}, "#/subjects/1/external_id"),
    ],
)
def test_each_person_of_a_batch_is_validated(khyber_lms, cast, change, pointer):
    before = count(cast)
    assert pointer in pointers(khyber_lms.post(BATCH, {"subjects": [person(0), person(1, **change)]}))
    assert count(cast) == before


@pytest.mark.parametrize("body", [{}, {"subjects": []}, {"subjects": {}}, {"subjects": [None]}, {"subjects": ["x"]},
                                  {"subjects": None}, {"people": []}])  # fmt: skip
def test_a_batch_without_people_is_refused(khyber_lms, body):
    assert pointers(khyber_lms.post(BATCH, body))


def test_an_erased_person_makes_the_batch_a_conflict(khyber_lms, cast, now):
    with in_client(cast.client_id("khyber")):
        erase_subject(cast.subject("kiran"), actor=cast.actor("amina"), reason="subject_request", at=now)
    before = count(cast)
    response = khyber_lms.post(BATCH, {"subjects": [person(1), {"external_id": "lms-kiran", "role": "learner"}]})
    assert pointers(response, HTTPStatus.CONFLICT) == ["#/subjects/1"]
    assert response.json()["type"] == "urn:paktaleem:problem:subject-erased"
    assert count(cast) == before


def statements(call, *arguments):
    sent = 0

    def count_it(execute, *told):
        nonlocal sent
        sent += 1
        return execute(*told)

    with connection.execute_wrapper(count_it):
        assert call(*arguments).status_code == 200
    return sent


def test_a_batch_has_at_most_a_thousand_people(khyber_lms, cast):
    people = [person(n) for n in range(1_001)]
    assert pointers(khyber_lms.post(BATCH, {"subjects": people})) == ["#/subjects"]
    before = count(cast)
    few = statements(khyber_lms.post, BATCH, {"subjects": people[:20]})
    assert statements(khyber_lms.post, BATCH, {"subjects": people[20:1_000] + people[:20]}) <= few * 1_000 / 20
    assert count(cast) == before + 1_000


def test_batch_is_not_allowed_as_an_id(khyber_lms, cast):
    before = count(cast)
    for response in (khyber_lms.get(BATCH), khyber_lms.put(BATCH, {"role": "learner"}), khyber_lms.delete(BATCH)):
        assert (response.status_code, response["Allow"]) == (405, "POST")
        assert response.json()["type"] == "urn:paktaleem:problem:method-not-allowed"
    guardian = {"external_id": "batch", "full_name": "A. Mother", "relationship": "parent"}
    assert pointers(khyber_lms.post(BATCH, {"subjects": [person(1) | {"external_id": " batch "}]})) == [
        "#/subjects/0/external_id"]  # fmt: skip
    assert pointers(khyber_lms.put("/api/v1/subjects/%20batch", {"role": "learner"})) == ["#/external_id"]
    assert khyber_lms.put("/api/v1/subjects/lms-new", {"role": "learner", "guardians": [guardian]}).status_code == 400
    assert count(cast) == before
    assert khyber_lms.put("/api/v1/subjects/Batch", {"role": "learner"}).status_code == 201


def test_simultaneous_batches_in_opposite_orders_do_not_deadlock(committed):
    people = [person(n) for n in range(40)]
    orders = iter([people, people[::-1]] * 4)
    responses = in_threads(8, lambda: post(committed.key("khyber"), {"subjects": next(orders)}, None, BATCH))
    assert {one.status_code for one in responses} == {200}
    with in_client(committed.client_id("khyber")):
        assert Subject.objects.filter(external_id__startswith="lms-new-").count() == 40


def test_closing_an_account_is_recorded_as_evidence(khyber_lms, cast):
    response = khyber_lms.post(EVENTS, {"kind": "account_closed", "happened_at": "2026-09-30T18:00:00+05:00"})
    assert response.status_code == 201
    assert response.json()["happened_at"] in {"2026-09-30T18:00:00+05:00", "2026-09-30T13:00:00Z"}
    event = cast.get(SubjectEvent, "khyber")
    entry = cast.get(Entry, "khyber", kind="subject.account_closed")
    assert (event.actor_id, event.kind) == (cast.key_id("khyber"), "account_closed")
    assert str(event.id) in entry.body
    assert entry.subject_id == cast.subject_id("kiran")


def test_an_event_without_a_time_happened_now(khyber_lms):
    shown = khyber_lms.post(EVENTS, {"kind": "active"}).json()
    assert shown["happened_at"] == shown["recorded_at"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/kind"),
        ({"kind": "moved"}, "#/kind"),
        ({"kind": "active", "happened_at": "2099-01-01T00:00:00Z"}, "#/happened_at"),
        ({"kind": "active", "happened_at": "2026-01-01"}, "#/happened_at"),
        ({"kind": "active", "happened_at": "0001-01-01T00:00:00+14:00"}, "#/happened_at"),
        ({"kind": "active", "happened_at": "9999-12-31T23:59:59-14:00"}, "#/happened_at"),
        ({"kind": "active", "recorded_at": "2026-01-01T00:00:00Z"}, "#/recorded_at"),
    ],
)
def test_an_invalid_event_is_refused(khyber_lms, cast, body, pointer):
    assert pointers(khyber_lms.post(EVENTS, body)) == [pointer]
    assert count(cast, SubjectEvent) == 0


JUNAID, IQRA, DANISH, ESRA = (f"/api/v1/subjects/lms-{name}" for name in ("junaid", "iqra", "danish", "esra"))
BEFORE = datetime(2026, 9, 30, 12, tzinfo=UTC)


@pytest.fixture
def rota(cast):
    """A purpose of the school: a contract with teachers, and consent of parents."""
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        purpose = Purpose(
            client_id=client.id,
            code="rota",
            name_en="Rota",
            name_ur="ڈیوٹی",
            description_en="Who does what when.",
            description_ur="کون کب کیا کرتا ہے۔",
            categories=["contact_details"],
        )
        rows: list[Any] = [purpose]
        for role, basis in (("instructor", "contract"), ("guardian", "consent")):
            rows.append(LawfulBasis(client_id=client.id, purpose=purpose, role=role, basis=basis, starts_at=CAST_AT))
        agreement = ServiceAgreement.objects.get(client_id=client.id)
        given = {"purposes": ["rota"], "categories": ["contact_details"], "starts_at": CAST_AT}
        rows.append(Instruction(client_id=client.id, agreement=agreement, document="Annex 2", **given))
        for row in rows:
            if getattr(row, "basis", "consent") != "consent":
                accept_by_two(row, requester=cast.actor("farah"), at=CAST_AT)
            else:
                change_register(row, actor=SETTING_UP, reason=Reason.ONBOARDING, at=CAST_AT)
    return purpose


@pytest.fixture
def parent(indus_lms, rota, time_machine):
    """Make Junaid, a teacher since the first of October, a parent of Danish two days later."""
    time_machine.move_to(datetime(2026, 10, 3, 9, tzinfo=UTC), tick=False)
    guardians = [{"external_id": "lms-junaid", "relationship": "parent"}]
    assert indus_lms.put(DANISH, {"role": "student", "guardians": guardians}).status_code == 200


def taken(answer):
    context = answer["context"]
    return answer["decision"], context["reason"], context["role"], context["role_named"]


def test_a_teacher_who_is_named_as_a_parent_is_one_person_with_two_roles(indus_lms, cast, parent):
    shown = indus_lms.get(JUNAID).json()
    assert (shown["role"], shown["roles"]) == ("instructor", ["instructor", "guardian"])
    with in_client(cast.client_id("indus")):
        junaid = cast.subject("junaid")
        latest = junaid.history.order_by("-history_date", "-history_id").first()
        assert (latest.role, latest.other_roles) == ("instructor", ["guardian"])
        entry = Entry.objects.filter(subject_id=junaid.id, kind="subject.changed").latest("recorded_at")
        assert json.loads(entry.body)["facts"]["roles"] == ["instructor", "guardian"]


def test_the_strictest_role_decides_unless_the_question_names_one(indus_lms, parent):
    assert taken(indus_lms.ask("lms-junaid", "rota")) == (False, "consent_missing", "guardian", False)
    named = indus_lms.ask("lms-junaid", "rota", context={"role": "instructor"})
    assert taken(named) == (True, "permitted", "instructor", True)
    assert named["context"]["lawful_basis"] == "contract"
    assert taken(indus_lms.ask("lms-junaid", "rota", context={"role": "guardian"}))[:2] == (False, "consent_missing")
    student = indus_lms.ask("lms-junaid", "rota", context={"role": "student"})
    assert taken(student) == (False, "role_not_held", None, True)
    # On the day before, the person had one role only.
    past = indus_lms.ask("lms-junaid", "rota", context={"time": BEFORE.isoformat()})
    assert taken(past) == (True, "permitted", "instructor", False)
    past = indus_lms.ask("lms-junaid", "rota", context={"time": BEFORE.isoformat(), "role": "guardian"})
    assert taken(past) == (False, "role_not_held", None, True)


def test_a_batch_and_the_standing_take_a_role_too(indus_lms, parent):
    items = [
        {**question("lms-junaid", "rota"), "context": {"role": role} if role else {}}
        for role in (None, "instructor", "student")
    ]
    answers = indus_lms.post("/access/v1/evaluations", {"evaluations": items}).json()["evaluations"]
    assert [taken(one) for one in answers] == [
        (False, "consent_missing", "guardian", False),
        (True, "permitted", "instructor", True),
        (False, "role_not_held", None, True),
    ]
    standing = indus_lms.get(f"{JUNAID}/standing").json()["purposes"]["rota"]
    assert (standing["decision"], standing["role"]) == (False, "guardian")
    assert indus_lms.get(f"{JUNAID}/standing", role="instructor").json()["purposes"]["rota"]["decision"] is True
    assert indus_lms.get(f"{JUNAID}/standing", role="pope").status_code == 400
    assert indus_lms.post("/access/v1/evaluation", {**items[0], "context": {"role": 7}}).status_code == 400


def test_a_report_names_the_role_too_and_the_ledger_keeps_it(indus_lms, parent, cast):
    report = {
        "subject": "lms-junaid",
        "category": "contact_details",
        "occasion": "support_contact",
        "purpose": "rota",
        "collected_at": "2026-10-03T09:00:00Z",
    }
    answers = [
        indus_lms.post("/api/v1/collections", {**report, **more}).json() for more in ({}, {"role": "instructor"})
    ]
    assert [(one["decision"], one["flagged"]) for one in answers] == [("consent_missing", True), ("permitted", False)]
    assert indus_lms.post("/api/v1/collections", {**report, "role": "student"}).json()["decision"] == "role_not_held"
    shared = {"subject": "lms-junaid", "recipient": "host", "purpose": "rota", "categories": ["contact_details"]}
    with in_client(cast.client_id("indus")):
        approve_host(cast.client_id("indus"), "rota")
    shared |= {"shared_at": "2026-10-03T09:00:00Z", "role": "student"}
    assert indus_lms.post("/api/v1/disclosures", shared).json()["decision"] == "role_not_held"
    with in_client(cast.client_id("indus")):
        told = Entry.objects.filter(
            subject_id=cast.subject_id("junaid"), kind__in=["collection.reported", "disclosure.denied"]
        )
        roles = [json.loads(one.body)["facts"].get("role") for one in told.order_by("kind", "id")]
    assert roles == [None, "instructor", "student", "student"]


def test_consent_in_one_role_is_recorded_and_permits_both(indus_lms, parent, cast):
    assert indus_lms.reason("lms-junaid", "newsletter") == "consent_missing"
    assert indus_lms.consent("lms-junaid", "newsletter").status_code == 201
    assert taken(indus_lms.ask("lms-junaid", "newsletter")) == (True, "permitted", "instructor", False)


def test_naming_a_laxer_role_never_makes_a_person_of_unknown_age_an_adult(indus_lms, cast):
    both = {"role": "student", "roles": ["student", "instructor"]}
    assert indus_lms.put(IQRA, both).json()["roles"] == ["student", "instructor"]
    for context in ({}, {"role": "student"}, {"role": "instructor"}):
        answer = indus_lms.ask("lms-iqra", "service_delivery", context=context)
        assert (answer["decision"], answer["context"]["reason"]) == (False, "age_unknown")
    changed = indus_lms.put(IQRA, {"role": "instructor", "roles": ["instructor"]}).json()
    assert (changed["roles"], changed["age_gate"]["change_waits"]) == (["student", "instructor"], True)
    assert indus_lms.ask("lms-iqra", "service_delivery", context={"role": "instructor"})["decision"] is False


def test_roles_are_stated_as_a_whole_and_stay_if_left_out(indus_lms, parent):
    refused = indus_lms.put(JUNAID, {"role": "instructor", "roles": ["guardian"]})
    assert (refused.status_code, "roles" in refused.content.decode()) == (400, True)
    assert indus_lms.put(JUNAID, {"role": "instructor"}).json()["roles"] == ["instructor", "guardian"]
    assert indus_lms.put(JUNAID, {"role": "administrator"}).json()["roles"] == ["administrator", "guardian"]
    every = {"role": "instructor", "roles": ["guardian", "instructor", "administrator", "guardian"]}
    assert indus_lms.put(JUNAID, every).json()["roles"] == ["instructor", "administrator", "guardian"]
    assert indus_lms.put(JUNAID, {"role": "instructor", "roles": ["instructor"]}).json()["roles"] == ["instructor"]
    # A guardian named by a school who starts to teach stays a guardian.
    guardians = [{"external_id": "lms-esra", "relationship": "parent"}]
    assert indus_lms.put(DANISH, {"role": "student", "guardians": guardians}).status_code == 200
    assert indus_lms.put(ESRA, {"role": "instructor"}).json()["roles"] == ["instructor", "guardian"]


def test_a_list_by_role_names_who_has_it_besides_the_main_role(indus_lms, parent):
    listed = indus_lms.get("/api/v1/subjects", role="guardian", limit=1).json()
    names = [one["external_id"] for one in listed["subjects"]]
    names += [one["external_id"] for one in indus_lms.get(listed["next"]).json()["subjects"]]
    assert names == ["lms-esra", "lms-junaid"]


def test_the_database_refuses_a_role_twice_and_one_that_is_none(cast, indus_lms):
    with in_client(cast.client_id("indus")):
        for wrong in (["instructor"], ["pope"]):
            refused = pytest.raises(IntegrityError, match="subject_other_roles_besides_role")
            with refused, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE people_subject SET other_roles = %s WHERE id = %s", [wrong, cast.subject_id("junaid")]
                )

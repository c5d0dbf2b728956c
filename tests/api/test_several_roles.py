"""People with several roles: a teacher who is also a parent is one person, and decisions go by the strictest role."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services.register import change_register
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import question
from tests.children.guardians import approve_host
from tests.consent.approving import accept_by_two
from tests.factories import CAST_AT, SETTING_UP

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
def parent(indus, rota, time_machine):
    """Make Junaid, a teacher since the first of October, a parent of Danish two days later."""
    time_machine.move_to(datetime(2026, 10, 3, 9, tzinfo=UTC), tick=False)
    guardians = [{"external_id": "lms-junaid", "relationship": "parent"}]
    assert indus.put(DANISH, {"role": "student", "guardians": guardians}).status_code == 200


def taken(answer):
    context = answer["context"]
    return answer["decision"], context["reason"], context["role"], context["role_named"]


def test_a_teacher_who_is_named_as_a_parent_is_one_person_with_two_roles(indus, cast, parent):
    shown = indus.get(JUNAID).json()
    assert (shown["role"], shown["roles"]) == ("instructor", ["instructor", "guardian"])
    with in_client(cast.client_id("indus")):
        junaid = cast.subject("junaid")
        latest = junaid.history.order_by("-history_date", "-history_id").first()
        assert (latest.role, latest.other_roles) == ("instructor", ["guardian"])
        entry = Entry.objects.filter(subject_id=junaid.id, kind="subject.changed").latest("recorded_at")
        assert json.loads(entry.body)["facts"]["roles"] == ["instructor", "guardian"]


def test_the_strictest_role_decides_unless_the_question_names_one(indus, parent):
    assert taken(indus.ask("lms-junaid", "rota")) == (False, "consent_missing", "guardian", False)
    named = indus.ask("lms-junaid", "rota", context={"role": "instructor"})
    assert taken(named) == (True, "permitted", "instructor", True)
    assert named["context"]["lawful_basis"] == "contract"
    assert taken(indus.ask("lms-junaid", "rota", context={"role": "guardian"}))[:2] == (False, "consent_missing")
    assert taken(indus.ask("lms-junaid", "rota", context={"role": "student"})) == (False, "role_not_held", None, True)
    # On the day before, the person had one role only.
    past = indus.ask("lms-junaid", "rota", context={"time": BEFORE.isoformat()})
    assert taken(past) == (True, "permitted", "instructor", False)
    past = indus.ask("lms-junaid", "rota", context={"time": BEFORE.isoformat(), "role": "guardian"})
    assert taken(past) == (False, "role_not_held", None, True)


def test_a_batch_and_the_standing_take_a_role_too(indus, parent):
    items = [
        {**question("lms-junaid", "rota"), "context": {"role": role} if role else {}}
        for role in (None, "instructor", "student")
    ]
    answers = indus.post("/access/v1/evaluations", {"evaluations": items}).json()["evaluations"]
    assert [taken(one) for one in answers] == [
        (False, "consent_missing", "guardian", False),
        (True, "permitted", "instructor", True),
        (False, "role_not_held", None, True),
    ]
    standing = indus.get(f"{JUNAID}/standing").json()["purposes"]["rota"]
    assert (standing["decision"], standing["role"]) == (False, "guardian")
    assert indus.get(f"{JUNAID}/standing", role="instructor").json()["purposes"]["rota"]["decision"] is True
    assert indus.get(f"{JUNAID}/standing", role="pope").status_code == 400
    assert indus.post("/access/v1/evaluation", {**items[0], "context": {"role": 7}}).status_code == 400


def test_a_report_names_the_role_too_and_the_ledger_keeps_it(indus, parent, cast):
    report = {
        "subject": "lms-junaid",
        "category": "contact_details",
        "occasion": "support_contact",
        "purpose": "rota",
        "collected_at": "2026-10-03T09:00:00Z",
    }
    answers = [indus.post("/api/v1/collections", {**report, **more}).json() for more in ({}, {"role": "instructor"})]
    assert [(one["decision"], one["flagged"]) for one in answers] == [("consent_missing", True), ("permitted", False)]
    assert indus.post("/api/v1/collections", {**report, "role": "student"}).json()["decision"] == "role_not_held"
    shared = {"subject": "lms-junaid", "recipient": "host", "purpose": "rota", "categories": ["contact_details"]}
    with in_client(cast.client_id("indus")):
        approve_host(cast.client_id("indus"), "rota")
    shared |= {"shared_at": "2026-10-03T09:00:00Z", "role": "student"}
    assert indus.post("/api/v1/disclosures", shared).json()["decision"] == "role_not_held"
    with in_client(cast.client_id("indus")):
        told = Entry.objects.filter(
            subject_id=cast.subject_id("junaid"), kind__in=["collection.reported", "disclosure.denied"]
        )
        roles = [json.loads(one.body)["facts"].get("role") for one in told.order_by("kind", "id")]
    assert roles == [None, "instructor", "student", "student"]


def test_consent_in_one_role_is_recorded_and_permits_both(indus, parent, cast):
    assert indus.reason("lms-junaid", "newsletter") == "consent_missing"
    assert indus.consent("lms-junaid", "newsletter").status_code == 201
    assert taken(indus.ask("lms-junaid", "newsletter")) == (True, "permitted", "instructor", False)


def test_naming_a_laxer_role_never_makes_a_person_of_unknown_age_an_adult(indus, cast):
    both = {"role": "student", "roles": ["student", "instructor"]}
    assert indus.put(IQRA, both).json()["roles"] == ["student", "instructor"]
    for context in ({}, {"role": "student"}, {"role": "instructor"}):
        answer = indus.ask("lms-iqra", "service_delivery", context=context)
        assert (answer["decision"], answer["context"]["reason"]) == (False, "age_unknown")
    changed = indus.put(IQRA, {"role": "instructor", "roles": ["instructor"]}).json()
    assert (changed["roles"], changed["age_gate"]["change_waits"]) == (["student", "instructor"], True)
    assert indus.ask("lms-iqra", "service_delivery", context={"role": "instructor"})["decision"] is False


def test_roles_are_stated_as_a_whole_and_stay_if_left_out(indus, parent):
    refused = indus.put(JUNAID, {"role": "instructor", "roles": ["guardian"]})
    assert (refused.status_code, "roles" in refused.content.decode()) == (400, True)
    assert indus.put(JUNAID, {"role": "instructor"}).json()["roles"] == ["instructor", "guardian"]
    assert indus.put(JUNAID, {"role": "administrator"}).json()["roles"] == ["administrator", "guardian"]
    every = {"role": "instructor", "roles": ["guardian", "instructor", "administrator", "guardian"]}
    assert indus.put(JUNAID, every).json()["roles"] == ["instructor", "administrator", "guardian"]
    assert indus.put(JUNAID, {"role": "instructor", "roles": ["instructor"]}).json()["roles"] == ["instructor"]
    # A guardian named by a school who starts to teach stays a guardian.
    guardians = [{"external_id": "lms-esra", "relationship": "parent"}]
    assert indus.put(DANISH, {"role": "student", "guardians": guardians}).status_code == 200
    assert indus.put(ESRA, {"role": "instructor"}).json()["roles"] == ["instructor", "guardian"]


def test_a_list_by_role_names_who_has_it_besides_the_main_role(indus, parent):
    listed = indus.get("/api/v1/subjects", role="guardian", limit=1).json()
    names = [one["external_id"] for one in listed["subjects"]]
    names += [one["external_id"] for one in indus.get(listed["next"]).json()["subjects"]]
    assert names == ["lms-esra", "lms-junaid"]


def test_the_database_refuses_a_role_twice_and_one_that_is_none(cast, indus):
    with in_client(cast.client_id("indus")):
        for wrong in (["instructor"], ["pope"]):
            refused = pytest.raises(IntegrityError, match="subject_other_roles_besides_role")
            with refused, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE subjects_subject SET other_roles = %s WHERE id = %s", [wrong, cast.subject_id("junaid")]
                )

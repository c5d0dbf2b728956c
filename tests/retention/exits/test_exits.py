"""The end of an agreement: two people, the end of access, return or deletion, the certificate."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction

from children.invitations.services.inviting import invite_guardian
from consent.consents.services.restrictions import restrict_processing
from consent.register.models.agreements import ServiceAgreement
from consent.register.services import change_register
from paktaleem.directory.data_systems.models import Order, System
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import ERASED_DOMAIN, ApiKey, Membership, User
from paktaleem.foundation.accounts.services import narrow_api_key
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.exits.admin import render_certificate
from paktaleem.office.exits.models import ExitCertificate, ExitPart
from paktaleem.office.exits.services.ending import (
    continue_deletion,
    decide_exit,
    delete_data,
    erase_chunk,
    pause_exit,
    propose_exit,
    resume_exit,
)
from paktaleem.office.exits.services.exporting import export_chunk
from retention.data_map.portal import list_portal_holdings
from retention.disposals.models import Batch, Certificate, Item
from retention.disposals.services.batches import flag_chunk
from retention.inventories.models import Inventory
from retention.inventories.services import Count, answer_inventory, list_sample
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, place_hold
from tests.cast import refused_to
from tests.consent.making import lift_by_two
from tests.factories import BORN, SETTING_UP, SubjectFactory
from tests.retention.disposals.steps import WORKER, answer, hold_data
from tests.retention.exits.steps import (
    DAY,
    WHY,
    agreement,
    approved,
    carried_out,
    erased,
    exported,
    flag_and_order,
    proposed,
    ready_to_export,
)
from tests.retention.schedule.making import lift_hold_by_two, put_on_hold
from tests.waiting import wait_until_one_waits

# The act of two people


def test_a_proposed_exit_changes_nothing_before_an_officer_approves(cast, indus, now):
    row = proposed(cast, now)
    assert (row.stage, row.state) == ("proposed", "waiting")
    assert agreement().ends_at is None
    assert not Batch.objects.exists()
    assert Membership.objects.active(now).filter(client_id=indus.pk).exists()


def test_a_declined_exit_changes_nothing_and_another_may_be_proposed(cast, indus, now):
    row = decide_exit(proposed(cast, now), approve=False, actor=cast.actor("amina"), at=now)
    assert (row.stage, row.ended_at) == ("declined", now)
    assert agreement().ends_at is None
    assert proposed(cast, now).stage == "proposed"
    with pytest.raises(Refused, match="This client has an exit already"):
        proposed(cast, now)
    refused_to("bilal sana celia", lambda name: proposed(cast, now, name=name))


@pytest.mark.parametrize("days", [{"delete_days": 0}, {"return_days": 60, "delete_days": 60}])
def test_the_deletion_ends_after_the_return(days, cast, indus, now):
    with pytest.raises(ValidationError) as caught:
        propose_exit(
            agreement(), choice="return", ground="The client leaves.", actor=cast.actor("farah"), at=now, **days
        )
    assert "delete_days" in caught.value.message_dict


def test_data_under_another_agreement_is_not_deleted(cast, indus, now):
    row = proposed(cast, now)
    new = ServiceAgreement(client_id=indus.pk, reference="NEW", signed_at=now, starts_at=now)
    change_register(new, actor=SETTING_UP, at=now, **WHY)
    with pytest.raises(Refused, match="Another agreement of this client is in force "):
        decide_exit(row, approve=True, actor=cast.actor("amina"), at=now + DAY)
    assert Membership.objects.active(now).filter(client_id=indus.pk).exists()


def test_the_database_refuses_an_exit_that_one_person_approved(cast, indus, now):
    row = proposed(cast, now)
    row.stage = "erasing"
    with pytest.raises(IntegrityError, match="approved_first"), transaction.atomic():
        row.save()


# Access


def test_with_the_approval_staff_lose_access_and_systems_only_carry_out_orders(cast, indus, now):
    row = approved(cast, now + DAY)
    ended = agreement()
    assert ended.ends_at == now + DAY
    assert ended.exit_until is not None
    assert ended.exit_until >= row.delete_by
    assert not Membership.objects.active(now + DAY).filter(client_id=indus.pk).exists()
    assert set(ApiKey.objects.get(pk=cast.key_id("indus")).scopes) == {"orders", "decisions:ask"}
    entry = Entry.objects.filter(kind="exit.approved").get()
    assert json.loads(entry.body)["facts"]["access"]["memberships"] >= 1


def test_open_invitations_of_guardians_are_closed(cast, indus, now):
    child = SubjectFactory(client=indus, external_id="lms-zara", birth_date=BORN["child"])
    mother = SubjectFactory(client=indus, external_id="lms-mother", role="guardian", email="mother@mail.example")
    claim_guardian(child, guardian=mother, relationship="parent", actor=SETTING_UP, at=now)
    by: Any = {"portal": "https://privacy.example", "actor": cast.actor("farah")}
    row = invite_guardian(child, guardian=mother, at=now, **by)
    approved(cast, now + DAY)
    row.refresh_from_db()
    assert row.closes_at == now + DAY


def test_a_key_never_gains_a_scope(cast, indus, now):
    key = ApiKey.objects.get(pk=cast.key_id("indus"))
    by: Any = {"actor": cast.actor("amina"), "at": now, **WHY}
    narrow_api_key(key, scopes=["orders"], **by)
    with pytest.raises(ValueError, match="never gains"):
        narrow_api_key(key, scopes=["orders", "consents:write"], **by)


# Deletion


def test_an_exit_deletes_everywhere_ends_all_access_and_is_certified(cast, indus, now):
    hold_data(cast, "hamza", at=now)
    events = Entry.objects.filter(client_id=indus.pk).count()
    row = approved(cast, now)
    assert not continue_deletion(row, actor=WORKER, at=now)
    carried_out(cast, now)
    assert continue_deletion(row, actor=WORKER, at=now)
    assert ApiKey.objects.get(pk=cast.key_id("indus")).revoked_at is None
    erased(row, now)
    assert (row.stage, row.wrapped, row.kept) == ("certified", None, 0)
    assert not Subject.objects.filter(client_id=indus.pk, erased_at=None).exists()
    assert not ApiKey.objects.filter(client_id=indus.pk, revoked_at=None).exists()
    staff = User.objects.filter(pk__in=Membership.objects.filter(client_id=indus.pk).values("user_id"))
    assert {one.erased_at for one in staff} == {now}, "no other role keeps an account"
    systems = System.objects.filter(client_id=indus.pk)
    assert systems.exists()
    assert all(one.contact == f"{one.pk}{ERASED_DOMAIN}" for one in systems)
    body = read_body(ExitCertificate.objects.get(exit=row))
    assert body["people"]["erased"] == row.people
    held = {one["kind"]: one for one in body["portal"]}
    assert held.keys() == {one.line.kind.code for one in list_portal_holdings()}
    assert (held["person"]["categories"], held["request_texts"]["period"]) == (
        ["contact_details", "organisation"],
        "P1095D",
    )
    english, urdu = (held["person"]["names"][code]["name"] for code in ("en", "ur"))
    assert (english == urdu, english.startswith("A person’s data")) == (False, True)
    assert render_certificate(body, sha256="0" * 64).startswith(b"%PDF-")
    assert [len(one["sha256"]) for one in body["disposals"]] == [64]
    assert (body["proposed"]["by"], body["approved"]["by"]) == ("client_admin", "privacy_officer")
    assert Entry.objects.filter(client_id=indus.pk).count() > events


def test_every_system_is_ordered_to_erase_everyone_though_nothing_was_reported(cast, indus, now):
    people = set(Subject.objects.filter(client_id=indus.pk, erased_at=None).values_list("pk", flat=True))
    row = approved(cast, now)
    flag_and_order(now)
    found = Order.objects.filter(client_id=indus.pk, kind="erase").values_list("system__code", "subject_id")
    assert set(found) == {(code, person) for code in ("billing", "lms") for person in people}
    assert not continue_deletion(row, actor=WORKER, at=now)
    assert Subject.objects.filter(client_id=indus.pk, erased_at=None).count() == len(people)
    carried_out(cast, now)
    assert continue_deletion(row, actor=WORKER, at=now)
    erased(row, now)
    assert row.stage == "certified"


def test_the_certificate_names_what_each_system_did_not_confirm(cast, indus, now):
    hold_data(cast, "iqra", at=now)
    erase_subject(cast.subject("iqra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    row = approved(cast, now)
    sampled = Inventory.objects.open().get(system__code="lms")
    counts = [Count(code, 0) for code in sampled.system.categories]
    answer_inventory(sampled, counts, still_held=list_sample(sampled), actor=cast.key_actor("indus"), at=now)
    flag_and_order(now)
    for order in Order.objects.filter(system__code="billing"):
        answer(cast, order, Answer(Outcome.NOT_APPLICABLE, reason="legal_duty"), at=now)
    carried_out(cast, now)
    continue_deletion(row, actor=WORKER, at=now)
    erased(row, now)
    content = read_body(ExitCertificate.objects.get(exit=row))
    systems = {one["system"]: one for one in content["systems"]}
    assert (systems["lms"]["not_confirmed"], systems["billing"]["confirmed"]) == (0, 0)
    assert systems["lms"]["confirmed"] == 3 * row.people
    assert systems["billing"]["not_confirmed"] == 2 * row.people
    assert systems["billing"]["answers"] == {"not_applicable": 2 * row.people}
    assert {code: {line["rests_on"] for line in one["lines"]} for code, one in systems.items()} == {
        "lms": {"confirmed"},
        "billing": {"not_confirmed"},
    }
    assert (systems["lms"]["inventory"]["erased_asked"], systems["lms"]["inventory"]["erased_held"]) == (1, 1)
    assert render_certificate(content, sha256="0" * 64).startswith(b"%PDF-")


def test_data_that_no_system_takes_is_not_certified(cast, indus, now):
    hold_data(cast, "hamza", at=now, category="device")
    row = approved(cast, now)
    carried_out(cast, now)
    continue_deletion(row, actor=WORKER, at=now)
    erased(row, now)
    [lms] = [one for one in read_body(ExitCertificate.objects.get(exit=row))["systems"] if one["system"] == "lms"]
    assert (lms["answers"]["no_system"], lms["not_confirmed"]) == (1, 1)


def test_a_repeated_deletion_orders_only_what_is_left(cast, another, indus, now):
    by: Any = {"actor": cast.actor("amina"), "at": now}
    scope, review_on = HoldScope(subject=cast.subject("hamza")), (now + 30 * DAY).date()
    place: Any = {"kind": HoldKind.COMPLAINT, "scope": scope, "ground": "Case 12.", "review_on": review_on}
    hold = place_hold(indus, **place, **by)
    row = approved(cast, now)
    carried_out(cast, now)
    assert not continue_deletion(row, actor=WORKER, at=now)
    lift_hold_by_two(hold, by=cast.actor("amina"), second=another, at=now)
    delete_data(row, **by, **WHY)
    flag_and_order(now)
    left = Order.objects.open().filter(kind="erase").values_list("subject_id", "system__code")
    assert set(left) == {(cast.subject_id("hamza"), "lms"), (cast.subject_id("hamza"), "billing")}


def test_a_new_agreement_stops_the_erasure_of_people(cast, indus, now):
    row = approved(cast, now)
    carried_out(cast, now)
    assert continue_deletion(row, actor=WORKER, at=now)
    new = ServiceAgreement(client_id=indus.pk, reference="NEW", signed_at=now, starts_at=now)
    change_register(new, actor=SETTING_UP, at=now, **WHY)
    erased(row, now)
    assert (row.stage, row.erased) == ("erasing", 0)


def test_a_hold_keeps_a_person_and_the_exit_open(cast, indus, now):
    row = approved(cast, now)
    carried_out(cast, now)
    continue_deletion(row, actor=WORKER, at=now)
    put_on_hold(indus, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=now)
    erased(row, now)
    assert (row.stage, row.kept) == ("erasing", 1)
    assert cast.subject("hamza").erased_at is None
    assert not ExitCertificate.objects.exists()


def test_a_hold_that_is_being_placed_keeps_a_person(committed, now):
    client_id = committed.client_id("indus")
    with in_client(client_id):
        row = approved(committed, now)
        carried_out(committed, now)
        continue_deletion(row, actor=WORKER, at=now)

    def erase():
        try:
            with in_client(client_id):
                erase_chunk(row, actor=WORKER, at=now, size=100)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with in_client(client_id):
            scope = HoldScope(subject=committed.subject("hamza"))
            place: Any = {"kind": HoldKind.LEGAL, "scope": scope, "ground": "Case 12.", "at": now}
            review_on = (now + 30 * DAY).date()
            place_hold(committed.client("indus"), review_on=review_on, actor=committed.actor("amina"), **place)
            worker = pool.submit(erase)
            wait_until_one_waits()
        worker.result(60)
    with in_client(client_id):
        assert committed.subject("hamza").erased_at is None
        assert committed.subject("junaid").erased_at == now


def test_what_was_on_hold_at_a_system_is_deleted_by_repeating_the_deletion(cast, another, indus, now):
    by: Any = {"actor": cast.actor("amina"), "at": now}
    for name in ("hamza", "junaid"):
        hold_data(cast, name, at=now)
    scope, review_on = HoldScope(subject=cast.subject("hamza")), (now + 30 * DAY).date()
    row = approved(cast, now)
    batch = Batch.objects.get()
    while flag_chunk(batch.sweep, actor=WORKER, at=now):
        pass
    hold = place_hold(indus, kind=HoldKind.COMPLAINT, scope=scope, ground="Case 12.", review_on=review_on, **by)
    with pytest.raises(Refused, match="The exit has moved on in the meantime"):
        delete_data(row, **by, **WHY)
    carried_out(cast, now)
    assert not continue_deletion(row, actor=WORKER, at=now)
    lift_hold_by_two(hold, by=cast.actor("amina"), second=another, at=now)
    assert delete_data(row, **by, **WHY).disposal_id != batch.pk
    carried_out(cast, now)
    assert continue_deletion(row, actor=WORKER, at=now)
    erased(row, now)
    body = read_body(ExitCertificate.objects.get(exit=row))
    assert len(body["disposals"]) == 2
    assert render_certificate(body, sha256="0" * 64).startswith(b"%PDF-")


@pytest.mark.parametrize("purpose", ["", "newsletter"])
def test_restricted_data_is_kept_until_two_people_lift_the_restriction(purpose, cast, another, indus, now):
    by: Any = {"actor": cast.actor("amina"), "at": now}
    for name in ("hamza", "junaid"):
        hold_data(cast, name, at=now)
    limit: Any = {"purpose_code": purpose, "reason": "subject_request", "actor": cast.actor("amina")}
    restriction = restrict_processing(cast.subject("hamza"), at=now - DAY, **limit)
    row = approved(cast, now)
    carried_out(cast, now)
    assert set(Item.objects.filter(state="sent_back").values_list("subject", "cause")) == {
        (cast.subject_id("hamza"), "restricted")
    }
    assert "restricted" in read_body(Certificate.objects.get())["names"]["causes"]
    assert not continue_deletion(row, actor=WORKER, at=now)
    lift_by_two(restriction, actor=another, reason="review", at=now)
    delete_data(row, **by, **WHY)
    carried_out(cast, now)
    assert continue_deletion(row, actor=WORKER, at=now)
    restrict_processing(cast.subject("junaid"), at=now, **limit)
    erased(row, now)
    assert (row.stage, row.kept) == ("erasing", 1)
    assert [cast.subject(name).erased_at for name in ("hamza", "junaid")] == [now, None]


def test_an_interrupted_exit_does_nothing_and_goes_on_where_it_stopped(cast, indus, now):
    by: Any = {"actor": cast.actor("amina"), "at": now, **WHY}
    row = ready_to_export(cast, now)
    export_chunk(row, actor=WORKER, at=now, size=1)
    pause_exit(row, **by)
    assert not export_chunk(row, actor=WORKER, at=now, size=1)
    assert ExitPart.objects.count() == 1
    resume_exit(row, **by)
    exported(row, now)
    assert sum(part.people for part in ExitPart.objects.all()) == row.people

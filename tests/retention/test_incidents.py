"""Incidents with children's data: quarantine, holds, erasure, notification, and closing."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connections, transaction

from children.guardians.models import Quarantine
from children.guardians.services.answers import quarantine, release
from children.invitations.services.inviting import purge_old_contacts
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import (
    accept_order,
    approve_waiver,
    carry_out_by_hand,
    complete_order,
    propose_waiver,
)
from paktaleem.directory.data_systems.states import Answer, Exemption, Outcome, StepRefused
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import decide_proposed_change, find_waiting
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Holding, Incident, IncidentCause
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.holdings.services.incidents import close_manually, notify_overdue, open_incident, request_release
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, lift_hold, place_hold
from tests.cast import refused_to
from tests.children.guardians import decision_reason, guardian_of, record_answer, verified_guardian
from tests.consent.making import execute, officer
from tests.console.pages import row_url
from tests.factories import make_system
from tests.keeping import default_period
from tests.mail.server import run_staff_emails
from tests.retention.schedule.making import lift_hold_by_two, put_on_hold
from tests.signing_in import browser_of
from tests.waiting import wait_until_one_waits

ERASED = Answer(Outcome.DONE, counts={"usage_logs": 3})


def held_back(person):
    return Quarantine.objects.filter(subject=person, ends_at=None).exists()


def orders_of(incident):
    return list(Order.objects.filter(parent_id=incident.pk).select_related("system").order_by("pk"))


def complete(order, cast, now, answer=ERASED):
    key = cast.key_actor("indus")
    return complete_order(accept_order(order, actor=key, at=now), answer, actor=key, at=now)


def test_data_of_a_child_without_authority_is_held_back_and_ordered_to_be_erased(cast, indus, report, now):
    make_system(indus, "analytics", ["usage_logs"])
    _, incident = report("danish")
    assert (incident.cause, incident.categories) == ("collected", ["usage_logs"])
    assert incident.due_at == now + timedelta(days=7)
    assert held_back(cast.subject("danish"))
    told = orders_of(incident)
    assert {one.system.code for one in told} == {"lms", "analytics"}
    assert {(one.kind, one.ground, one.due_at, one.parent_kind) for one in told} == {
        ("erase", "child_without_consent", incident.due_at, "incident")
    }
    assert [one.cause for one in incident.history.all()] == ["collected"]
    facts = json.loads(Entry.objects.get(kind="incident.opened").body)["facts"]
    assert (facts["incident"], facts["categories"]) == (str(incident.pk), ["usage_logs"])
    assert Entry.objects.filter(kind="subject.quarantined", subject_id=cast.subject_id("danish")).exists()


def test_it_closes_when_every_system_has_answered(cast, indus, report, now):
    make_system(indus, "library", ["usage_logs"], delivery="by_hand")
    _, incident = report("danish")
    by_code = {one.system.code: one for one in orders_of(incident)}
    complete(by_code["lms"], cast, now)
    assert Incident.objects.get().is_open
    assert held_back(cast.subject("danish"))
    carry_out_by_hand(by_code["library"], Answer(Outcome.NOT_FOUND), actor=cast.actor("farah"), at=now)
    closed = Incident.objects.get()
    assert (closed.closed_at, held_back(cast.subject("danish"))) == (now, False)
    assert (Entry.objects.filter(kind="incident.closed").count(), Holding.objects.get().ended_at) == (1, now)


def test_reaching_the_age_of_consent_ends_no_quarantine_and_the_last_answer_does(cast, indus, report, now):
    _, incident = report("danish")
    grown = cast.subject("danish").of_age_at + timedelta(days=1)
    assert decision_reason(cast, "lms-danish", grown) == "quarantined"
    with in_client(cast.client_id("indus")):
        [order] = orders_of(incident)
        complete(order, cast, grown)
    assert decision_reason(cast, "lms-danish", grown + timedelta(seconds=1)) == "permitted"


@pytest.mark.parametrize(
    "accepted",
    [
        (None, False),
        (Answer(Outcome.NOT_APPLICABLE, reason=Exemption.LEGAL_DUTY), False),
        (Answer(Outcome.NOT_FOUND), True),
        (Answer(Outcome.DONE, counts={"usage_logs": 0}), True),
    ],
)
def test_no_answer_and_one_that_contradicts_what_was_reported_end_nothing_until_two_people_accept_it(
    cast, report, now, second, accepted
):
    answer, is_gone = accepted
    _, incident = report("danish", count=41)
    [order] = orders_of(incident)
    if answer is not None:
        assert (complete(order, cast, now, answer).state, answer.outcome) == ("disputed", answer.outcome)
        assert complete_order(order, answer, actor=cast.key_actor("indus"), at=now).state == "disputed", "once more"
    assert Incident.objects.get().is_open
    assert Holding.objects.get().ended_at is None
    assert held_back(cast.subject("danish"))
    with pytest.raises(Refused, match="not answered yet"):
        close_manually(incident, actor=cast.actor("amina"), at=now)
    propose_waiver(order, ground="Shut down.", actor=cast.actor("amina"), reason="review", at=now)
    assert Incident.objects.get().is_open
    ended = approve_waiver(order, actor=second, at=now)
    assert not Incident.objects.get().is_open
    assert (Holding.objects.get().ended_at is not None) is is_gone
    assert (ended.result or {}).get("reported") == (None if answer is None else {"usage_logs": 41})


def test_a_system_may_correct_an_answer_that_contradicts_what_it_reported(cast, report, now):
    _, incident = report("danish", count=99)
    [order] = orders_of(incident)
    assert complete(order, cast, now, Answer(Outcome.NOT_FOUND)).state == "disputed"
    assert complete(order, cast, now, Answer(Outcome.DONE, counts={"usage_logs": 98})).state == "confirmed"
    assert not Incident.objects.get().is_open


def test_one_incident_is_open_for_a_person_and_grows(cast, report, now):
    _, first = report("danish")
    _, same = report("danish")
    _, wider = report("danish", category="content")
    assert first.pk == same.pk == wider.pk
    assert Incident.objects.get().categories == ["content", "usage_logs"]
    assert [one.categories for one in orders_of(first)] == [["usage_logs"], ["content"]]
    complete(orders_of(first)[0], cast, now)
    _, again = report("danish", at=now + timedelta(hours=2), collected_at=now + timedelta(hours=1))
    assert [one.state for one in orders_of(again)] == ["confirmed", "queued", "queued"]


def test_after_it_was_closed_another_collection_opens_another(cast, report, now):
    _, first = report("danish")
    complete(orders_of(first)[0], cast, now)
    _, second = report("danish", at=now + timedelta(days=1))
    assert first.pk != second.pk
    assert held_back(cast.subject("danish"))


def test_a_collection_with_a_guardians_consent_opens_no_incident(cast, report, now):
    answer_before = now - timedelta(days=2)
    verified_guardian(cast.subject("danish"), cast.subject("esra"), at=answer_before)
    record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=answer_before)
    assert report("danish")[1] is None
    record_answer(cast.subject("danish"), cast.subject("esra"), "withdrawn", at=now)
    assert report("danish", at=now + timedelta(hours=3))[1] is not None
    later = now + timedelta(hours=4)
    made, incident = report("hamza", at=later)
    assert (made.reason in {"permitted", "consent_missing"}, incident) == (True, None)


def test_data_collected_while_the_consent_was_in_force_is_no_incident_later(cast, report, now):
    before = now - timedelta(days=2)
    verified_guardian(cast.subject("danish"), cast.subject("esra"), at=before)
    record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=before)
    record_answer(cast.subject("danish"), cast.subject("esra"), "withdrawn", at=now)
    late = now + timedelta(hours=5)
    assert report("danish", at=late, collected_at=now - timedelta(hours=1))[1] is None
    assert report("danish", at=late, collected_at=now + timedelta(hours=1))[1] is not None


def test_a_guardian_who_is_not_verified_gives_no_authority(cast, report, now):
    guardian_of(cast.subject("danish"), cast.subject("esra"), at=now - timedelta(days=1))
    assert report("danish")[1] is not None


def test_a_collection_at_an_unknown_age_is_denied_without_an_incident(cast, report):
    made, incident = report("iqra")
    assert (made.reason, incident) == ("age_unknown", None)


def test_a_change_of_age_that_reveals_a_child_acts_at_once(cast, indus, report, now):
    report("iqra")
    report("iqra", category="content")
    given = {"client": indus, "details": {"birth_date": now.date() - timedelta(days=9 * 366)}}
    register_subject("lms-iqra", **given, actor=cast.key_actor("indus"), at=now)
    incident = Incident.objects.get()
    assert (incident.cause, incident.categories) == ("revealed", ["content", "usage_logs"])
    assert held_back(cast.subject("iqra"))
    register_subject("lms-iqra", client=indus, details={"language": "ur"}, actor=cast.key_actor("indus"), at=now)
    assert Incident.objects.count() == 1


def test_a_child_without_holdings_opens_no_incident(cast, indus, now):
    given = {"client": indus, "details": {"birth_date": now.date() - timedelta(days=9 * 366)}}
    register_subject("lms-iqra", **given, actor=cast.key_actor("indus"), at=now)
    assert Incident.objects.count() == 0


def test_staff_close_an_incident_of_which_no_system_holds_the_data(cast, report, now):
    _, incident = report("danish", category="device")
    assert orders_of(incident) == []
    refused_to("farah bilal sana", lambda name: close_manually(incident, actor=cast.actor(name), at=now))
    closed = close_manually(incident, actor=cast.actor("amina"), at=now)
    assert (closed.is_open, held_back(cast.subject("danish"))) == (False, False)
    assert json.loads(Entry.objects.get(kind="incident.closed").body)["actor"]["id"] == str(cast.user_id("amina"))


def test_an_incident_closes_when_its_child_was_erased_meanwhile(cast, report, now):
    _, incident = report("danish")
    erase_subject(cast.subject("danish"), actor=cast.actor("amina"), reason="incident", at=now)
    complete(orders_of(incident)[0], cast, now)
    assert not Incident.objects.get().is_open


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("closed_at = opened_at - interval '1 day'", "incident_period"),
        ("due_at = opened_at", "incident_due_later"),
        ("categories = '{}'", "incident_about_something"),
        ("client_id = '01900000-0000-7000-8000-000000000001'", "row-level security"),
    ],
)
def test_the_database_refuses_a_broken_incident(report, change, name):
    report("danish")
    with pytest.raises((IntegrityError, ProgrammingError), match=name):
        execute(f"UPDATE holdings_incident SET {change}")  # noqa: S608 -- as above


def test_officers_get_an_email_about_an_incident_and_one_reminder_after_the_seven_days(cast, now):
    worker = system_actor("tests")
    collected = CollectionReport(category="usage_logs", occasion="assessment", purpose="support", collected_at=now)
    with in_client(cast.client_id("indus")):
        report_collection(cast.subject("danish"), collected, actor=cast.key_actor("indus"), at=now)
        incident = Incident.objects.get()
        assert notify_overdue(incident.client_id, actor=worker, at=incident.due_at) == 0
        late = incident.due_at + timedelta(seconds=1)
        assert notify_overdue(incident.client_id, actor=worker, at=late) == 1
        assert notify_overdue(incident.client_id, actor=worker, at=late + timedelta(days=1)) == 0
        assert Incident.objects.get().overdue_told_at == late
        assert Entry.objects.filter(kind="incident.overdue").count() == 1
    run_staff_emails()
    with in_client(cast.client_id("paktaleem")):
        for kind in ("incident_opened", "incident_overdue"):
            assert Letter.objects.get(kind=kind).user_id == cast.user_id("amina")


def test_an_incident_that_closed_in_time_sends_no_reminder(cast, report, now):
    _, incident = report("danish")
    complete(orders_of(incident)[0], cast, now)
    assert notify_overdue(incident.client_id, actor=system_actor("tests"), at=now + timedelta(days=30)) == 0


DAY = timedelta(days=1)


@pytest.fixture
def hold(cast, indus, now):
    def hold(person="danish", *, kind=HoldKind.COMPLAINT, category="", system=None):
        subject = cast.subject(person) if person else None
        scope = {"subject": subject, "category": category, "system": system}
        return put_on_hold(indus, kind=kind, actor=cast.actor("farah"), at=now, **scope)

    return hold


def ordered():
    return sorted(category for order in Order.objects.filter(kind="erase") for category in order.categories)


def test_a_legal_hold_keeps_the_data_in_quarantine_until_two_people_lift_it(cast, report, hold, now):
    placed = hold(kind=HoldKind.LEGAL)
    _, incident = report("danish")
    assert (incident.held, ordered(), held_back(cast.subject("danish"))) == (["usage_logs"], [], True)
    with pytest.raises(Refused, match="on hold"):
        close_manually(incident, actor=cast.actor("amina"), at=now)
    lift_hold(placed, ground="Judgment.", actor=cast.actor("farah"), at=now + DAY)
    assert ordered() == [], "a second person has not agreed"
    decide_proposed_change(find_waiting(placed).get(), approve=True, actor=cast.actor("amina"), at=now + DAY)
    assert (Incident.objects.get().held, ordered()) == ([], ["usage_logs"])
    answer(cast, now + DAY)
    assert (Incident.objects.get().is_open, held_back(cast.subject("danish"))) == (False, False)


def answer(cast, at):
    key = cast.key_actor("indus")
    for order in Order.objects.open().filter(kind="erase"):
        done = Answer(Outcome.DONE, counts=dict.fromkeys(order.categories, 3))
        complete_order(accept_order(order, actor=key, at=at), done, actor=key, at=at)


def test_only_what_the_hold_covers_is_kept_and_the_incident_stays_open_for_it(cast, report, hold, now):
    placed = hold(None, category="usage_logs")
    _, incident = report("danish", "usage_logs")
    report("danish", "content")
    assert (Incident.objects.get().held, ordered()) == (["usage_logs"], ["content"])
    answer(cast, now)
    assert (Incident.objects.get().is_open, held_back(cast.subject("danish"))) == (True, True)
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert ordered() == ["content", "usage_logs"]
    assert Order.objects.open().get(kind="erase").parent_id == incident.pk


def test_a_hold_of_one_system_keeps_only_what_that_system_has(cast, indus, report, hold, now):
    reports, archive = (make_system(indus, code, ["usage_logs"]) for code in ("reports", "archive"))
    make_system(indus, "billing", ["billing"])
    placed = hold(system=archive)
    _, incident = report("danish")
    asked = Order.objects.filter(kind="erase").values_list("system__code", flat=True)
    assert (incident.held, sorted(asked)) == (["usage_logs"], ["lms", reports.code])
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert (Incident.objects.get().held, sorted(asked.all())) == ([], ["archive", "lms", "reports"])


@pytest.mark.parametrize("scope", [{}, {"person": None}, {"person": None, "category": "usage_logs"}])
def test_a_hold_recalls_the_orders_of_an_incident(cast, report, hold, now, scope):
    report("danish")
    first, second = hold(**scope), hold()
    order = Order.objects.get(kind="erase")
    assert (order.state, Incident.objects.get().is_open) == ("recalled", True)
    with pytest.raises(StepRefused):
        accept_order(order, actor=cast.key_actor("indus"), at=now)
    for placed, state in ((first, "recalled"), (second, "queued")):
        lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
        order.refresh_from_db()
        assert order.state == state
    answer(cast, now)
    assert not Incident.objects.get().is_open


def test_the_page_of_the_incident_says_which_hold(cast, now):
    with in_client(cast.client_id("indus")):
        danish, indus = cast.subject("danish"), cast.client("indus")
        told = {"ground": "Case 4/26.", "review_on": (now + 30 * DAY).date(), "actor": cast.actor("farah"), "at": now}
        place_hold(indus, kind=HoldKind.LEGAL, scope=HoldScope(subject=danish), **told)
        archive = HoldScope(subject=danish, system=make_system(indus, "archive", ["usage_logs"]))
        place_hold(indus, kind=HoldKind.COMPLAINT, scope=archive, **told)
        incident = open_incident(danish, {"usage_logs"}, cause=IncidentCause.COLLECTED, at=now)
    page = browser_of(cast.user("amina")).get(row_url("holdings/incident", incident.pk)).text
    assert "Use of the platform and activity logs; Legal hold, to be reviewed on 2026-10-31: Case 4/26." in page
    assert "Complaint (Archive), to be reviewed on 2026-10-31: Case 4/26." in page
    assert "Close the incident" not in page


def test_data_under_two_holds_waits_for_both(cast, report, hold, now):
    first, second = hold(), hold(None, category="usage_logs")
    report("danish")
    lift_hold_by_two(first, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert (Incident.objects.get().held, ordered()) == (["usage_logs"], [])
    lift_hold_by_two(second, by=cast.actor("farah"), second=cast.actor("amina"), at=now)
    assert ordered() == ["usage_logs"]


def test_a_hold_of_another_person_category_or_system_keeps_nothing(indus, report, hold):
    hold(system=make_system(indus, "billing", ["billing"]))
    hold("junaid")
    hold(category="billing")
    _, incident = report("danish")
    assert (incident.held, ordered()) == ([], ["usage_logs"])


def test_the_contact_of_a_guardian_on_hold_is_kept(cast, hold, settings):
    esra = cast.subject("esra")
    late = esra.changed_at + default_period("guardians_unasked")
    worker, placed = system_actor("tests"), hold("esra")
    assert purge_old_contacts(esra.client_id, actor=worker, at=late) == 0
    assert cast.subject("esra").email is not None
    lift_hold_by_two(placed, by=cast.actor("farah"), second=cast.actor("amina"), at=late)
    assert purge_old_contacts(esra.client_id, actor=worker, at=late) == 1


def test_a_report_is_not_released_while_an_incident_is_open(cast, report, now):
    amina, danish = cast.actor("amina"), cast.subject("danish")
    quarantine(danish, cause="report", actor=amina, at=now)
    report("danish")
    with pytest.raises(Refused):
        release(danish, actor=amina, at=now)
    assert Quarantine.objects.get().ends_at is None
    assert not Entry.objects.filter(kind="subject.released").exists()


def test_a_quarantine_ends_by_two_officers(cast, indus, now):
    amina, danish = cast.actor("amina"), cast.subject("danish")
    held = quarantine(danish, cause="report", actor=amina, at=now)
    change = request_release(held, ground="The report was about another child.", actor=amina, at=now)
    for other, refusal in (("amina", ApproverIsRequester), ("farah", NotAllowed)):
        with pytest.raises(refusal), transaction.atomic():
            decide_proposed_change(change, approve=True, actor=cast.actor(other), at=now)
    assert Quarantine.objects.get().ends_at is None
    decide_proposed_change(change, approve=True, actor=officer(), at=now)
    assert Quarantine.objects.get().ends_at == now


def test_an_incident_is_closed_by_two_officers(cast, report, now):
    _, incident = report("danish", category="device")
    change = request_release(incident, ground="No system has it.", actor=cast.actor("amina"), at=now)
    assert Incident.objects.get().is_open
    decide_proposed_change(change, approve=True, actor=officer(), at=now)
    assert (Incident.objects.get().is_open, Quarantine.objects.get().ends_at) == (False, now)


def test_another_persons_incident_does_not_matter(cast, report, now):
    amina, hamza = cast.actor("amina"), cast.subject("hamza")
    report("danish")
    quarantine(hamza, cause="report", actor=amina, at=now)
    assert release(hamza, actor=amina, at=now).ends_at == now


def meanwhile(pool, client_id, act):
    """Start an act in a transaction of its own, and return when it waits for this one."""

    def run():
        try:
            with in_client(client_id):
                return act()
        finally:
            connections.close_all()

    started = pool.submit(run)
    wait_until_one_waits()
    return started


def test_a_release_waits_for_an_incident_that_is_being_opened(committed, now):
    client_id, amina = committed.client_id("indus"), committed.actor("amina")
    with ThreadPoolExecutor(1) as pool:
        with in_client(client_id):
            danish = committed.subject("danish")
            quarantine(danish, cause="report", actor=amina, at=now)
        with in_client(client_id), transaction.atomic():
            open_incident(danish, {"device"}, cause=IncidentCause.REVEALED, at=now)
            released = meanwhile(pool, client_id, lambda: release(danish, actor=amina, at=now))
        with pytest.raises(Refused):
            released.result(timeout=30)
    with in_client(client_id):
        assert Quarantine.objects.get().ends_at is None


def test_an_incident_opened_while_another_closes_has_a_quarantine_of_its_own(committed, now):
    client_id, amina = committed.client_id("indus"), committed.actor("amina")
    with ThreadPoolExecutor(1) as pool:
        with in_client(client_id):
            danish = committed.subject("danish")
            first = open_incident(danish, {"device"}, cause=IncidentCause.REVEALED, at=now)
        with in_client(client_id), transaction.atomic():
            close_manually(first, actor=amina, at=now)
            again: dict[str, Any] = {"cause": IncidentCause.REVEALED, "at": now}
            opened = meanwhile(pool, client_id, lambda: open_incident(danish, {"device"}, **again))
        assert opened.result(timeout=30).pk != first.pk
    with in_client(client_id):
        assert (Incident.objects.open().count(), Quarantine.objects.filter(ends_at=None).count()) == (1, 1)

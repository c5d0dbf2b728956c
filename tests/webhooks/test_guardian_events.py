"""Every act about guardians, ages and incidents has its own message with its own ids and codes."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from children.ageing.services import send_age_notices
from children.guardians.models.guardians import Verification
from children.guardians.services.checks import BEGIN, request_check
from children.guardians.services.guardians import change_guardian
from children.guardians.services.verifications import mark_verification_false
from children.guardians.tasks import ask, begin
from children.invitations.services.inviting import invite_guardian
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import accept_order, complete_order
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.directory.webhooks.events import EVENTS
from paktaleem.directory.webhooks.models import Message
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.services.holdings import CollectionReport, report_collection
from retention.holdings.services.incidents import notify_overdue
from rights.channels.guardians import record_guardian_request
from tests.access_links.visiting import send
from tests.children.browsers import PORTAL, answer, by_link, child_page, follow, latest_link
from tests.children.browsers import work as send_letters
from tests.children.guardians import guardian_of, make_guardian, record_answer, verified_guardian
from tests.children.test_provider_checks import answer_by_file
from tests.factories import SubjectFactory, make_system
from tests.webhooks.receiving import make_endpoint
from tests.working import work

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FACTS = {event.kind: event.facts for event in EVENTS}


@pytest.fixture
def subscribed(cast, time_machine):
    """Indus, subscribed to all events about guardians, people and incidents."""
    time_machine.move_to(AT, tick=False)
    with in_client(cast.client_id("indus")):
        make_endpoint(cast, "indus", at=AT - DAY, events=["guardian.*", "subject.*", "incident.*"])
    return cast


def told(cast):
    """Return all messages as sent; each repeats the facts of its own entry and nothing else."""
    with in_client(cast.client_id("indus")):
        entries = {one.pk: one for one in Entry.objects.all()}
        messages = list(Message.objects.order_by("pk"))
    for one in messages:
        assert one.entry_id is not None
        entry = entries[one.entry_id]
        facts = json.loads(entry.body)["facts"]
        assert one.data == {name: facts[name] for name in FACTS[entry.kind] if name in facts}, one.type
        assert one.subject_id == entry.subject_id
    return [(one.type, one.data) for one in messages]


def the(cast, kind):
    """Return the data of the only message of a type."""
    [data] = [data for name, data in told(cast) if name == kind]
    return data


def test_each_step_of_an_invitation_has_its_event(cast, subscribed, time_machine):
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = invite_guardian(danish, guardian=esra, portal=PORTAL, actor=cast.actor("farah"), at=AT)
    send_letters()
    later = AT + 7 * DAY
    time_machine.move_to(later, tick=False)
    follow(cast, later)
    answer(by_link(latest_link()), child_page(cast, more="service/"), "give")
    time_machine.move_to(later + DAY, tick=False)
    follow(cast, later + DAY)
    send(by_link(latest_link()), child_page(cast, more="confirm/"), form_at=child_page(cast), answer="confirm")
    steps = {kind.removeprefix("guardian."): data for kind, data in told(cast) if "invitation" in data}
    ids = {"invitation": str(row.pk), "guardian": str(esra.pk), "channel": "mail", "problem": ""}
    for step, state in (
        ("invitation_reminded", "notice_sent"),
        ("invitation_viewed", "viewed"),
        ("invitation_waits", "verifying"),
        ("invitation_answered", "given"),
    ):
        assert steps[step] == {**ids, "state": state}, step
    guardianship = {"guardianship": the(cast, "guardian.named")["guardianship"], "guardian": str(esra.pk)}
    assert the(cast, "guardian.verified") == {**guardianship, "method": "email_plus", "strength": 1, "expires_at": None}
    assert the(cast, "guardian.given")["guardian"] == str(esra.pk)


def test_checks_and_false_verifications_have_their_events(cast, subscribed, settings, tmp_path):
    settings.CHECK_FOLDER, settings.CHECK_KEY = str(tmp_path), new_secret()
    settings.CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"}
    with in_client(cast.client_id("indus")):
        row = guardian_of(cast.subject("danish"), cast.subject("esra"), at=AT)
        asked = {"provider": "folder", "method": "payment_card", "answer_to": PORTAL}
        check = request_check(row, **asked, actor=cast.actor("farah"), at=AT)
    assert "guardian.check_started" not in dict(told(cast)), "the provider has not been asked yet"
    work({BEGIN: begin})
    with in_client(cast.client_id("indus")):
        check.refresh_from_db()
    answer_by_file(check, "passed", settings)
    ask(str(check.client_id), str(check.pk))
    with in_client(cast.client_id("indus")):
        mark_verification_false(Verification.objects.get(), actor=cast.actor("farah"), at=AT + MINUTE)
    pair = {"guardianship": str(row.pk), "guardian": str(row.guardian_id)}
    of_check = {"check": str(check.pk), **pair, "method": "payment_card"}
    assert the(cast, "guardian.check_started") == {**of_check, "state": "started"}
    assert the(cast, "guardian.check_settled") == {**of_check, "state": "passed"}
    assert the(cast, "guardian.verification_false") == {**pair, "method": "payment_card"}


def test_claims_changes_conflicts_and_kept_data_have_their_events(cast, subscribed):
    farah, client_id = cast.actor("farah"), cast.client_id("indus")
    with in_client(client_id):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        uncle = make_guardian(cast.client("indus"), "uncle", at=AT)
        claim_guardian(danish, guardian=uncle, relationship="guardian", actor=farah, reason="onboarding", at=AT)
        row = verified_guardian(danish, esra, at=AT)
        verified_guardian(danish, uncle, at=AT)
        given = record_answer(danish, esra, "given", at=AT)
        refused = record_answer(danish, uncle, "refused", at=AT + MINUTE)
        change_guardian(row, changes={"may_receive_data": False}, actor=farah, at=AT + MINUTE)
        asked = {"wish": "keep", "channel": "client", "actor": farah, "at": AT + MINUTE}
        record_guardian_request(danish, guardian=esra, **asked)
    assert the(cast, "guardian.claimed") == {"guardian": str(uncle.pk)}
    assert the(cast, "guardian.changed") == {"guardianship": str(row.pk), "guardian": str(esra.pk)}
    assert the(cast, "guardian.given")["authorisation"] == str(given.pk)
    assert the(cast, "guardian.refused")["authorisation"] == str(refused.pk)
    assert the(cast, "guardian.conflict_opened")["purpose"] == ""
    assert the(cast, "guardian.data_kept") == {"guardian": str(esra.pk)}


def test_reaching_the_age_of_consent_has_an_event_without_a_date(cast, subscribed):
    born = (AT + 20 * DAY).date()
    with in_client(cast.client_id("indus")):
        details = {"birth_date": born.replace(year=born.year - 13), "at": AT - DAY}
        sana = SubjectFactory(client=cast.client("indus"), external_id="lms-sana", **details)
        assert send_age_notices(sana.client_id, actor=system_actor("tests"), at=AT) == 1
        [message] = Message.objects.filter(type="subject.comes_of_age")
        assert message.subject_id == sana.pk
    assert set(the(cast, "subject.comes_of_age")) == {"notice"}


def test_each_step_of_an_incident_has_its_event(cast, subscribed):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        make_system(cast.client("indus"), "devices", ["device"])
        danish = cast.subject("danish")
        for category in ("usage_logs", "device"):
            seen = CollectionReport(
                category=category, occasion="assessment", purpose="support", collected_at=AT, count=1
            )
            _, incident = report_collection(danish, seen, actor=cast.key_actor("indus"), at=AT)
        assert incident is not None
        late = incident.due_at + MINUTE
        assert notify_overdue(client_id, actor=system_actor("tests"), at=late) == 1
        key = cast.key_actor("indus")
        for order in Order.objects.filter(parent_id=incident.pk):
            erased = Answer(Outcome.DONE, counts=dict.fromkeys(order.categories, 1))
            complete_order(accept_order(order, actor=key, at=late), erased, actor=key, at=late)
    facts = {"incident": str(incident.pk), "cause": "collected", "due_at": incident.due_at.isoformat()}
    kinds = [(kind, data) for kind, data in told(cast) if kind.startswith("incident.")]
    assert kinds == [(f"incident.{step}", facts) for step in ("opened", "widened", "overdue", "closed")]
    assert the(cast, "subject.quarantined") == {"cause": "incident"}
    assert the(cast, "subject.released") == {"cause": "incident"}

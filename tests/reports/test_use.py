"""Findings of the last day: what systems reported beside what they asked, from the decision log."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.decisions.facts import Decision, Question
from consent.decisions.log import Answered, decision_log
from consent.decisions.models import DecisionCount, DecisionLogSetting, LoggedDecision, LogMode
from consent.decisions.reasons import Reason
from consent.decisions.services import set_decision_log
from consent.sharing.services import DisclosureReport, report_disclosure
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason as Code
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.use import FindingKind, list_findings
from retention.holdings.services.holdings import CollectionReport, report_collection
from tests.consent.making import make_provider
from tests.console.pages import row_url
from tests.factories import SETTING_UP

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def empty_log():
    decision_log.discard()
    yield
    decision_log.discard()


@pytest.fixture
def client_id(cast):
    return cast.client_id("indus")


def collect(cast, now, person="danish", purpose="support"):
    report = CollectionReport(
        category="usage_logs", occasion="assessment", purpose=purpose, collected_at=now - HOUR, count=3
    )
    with in_client(cast.client_id("indus")):
        report_collection(cast.subject(person), report, actor=cast.key_actor("indus"), at=now)


def ask(cast, at, reason=Reason.PERMITTED, person="danish", *, purpose="support", action="process"):
    question = Question(purpose=purpose, action=action, at=at)
    with in_client(cast.client_id("indus")):
        subject = cast.subject(person).pk
    answer = Answered(subject, question, Decision(reason is Reason.PERMITTED, reason, None, (), at))
    decision_log.add(cast.client_id("indus"), cast.key_actor("indus").id, at, {purpose}, [answer])
    decision_log.flush()


def found(cast, now, client="indus", name="amina"):
    with in_client(cast.client_id(client)):
        findings = list_findings(cast.actor(name), cast.client_id(client), at=now)
    return {(one.kind, one.purpose): one.number for one in findings}


def log_every(client_id, since, mode=LogMode.EVERY):
    with in_client(client_id):
        row = DecisionLogSetting(client_id=client_id, mode=mode, ground="A trial.")
        set_decision_log(row, actor=SETTING_UP, reason=Code.REVIEW, at=since)


NOT_ASKED, NEVER_ASKS = (FindingKind.NOT_ASKED, "support"), (FindingKind.NEVER_ASKS, "")


def test_with_counts_a_purpose_that_no_key_asked_about_is_found(cast, now):
    collect(cast, now)
    assert found(cast, now) == {NOT_ASKED: 1, NEVER_ASKS: 1}
    ask(cast, now - 2 * HOUR, purpose="newsletter")
    assert found(cast, now) == {NOT_ASKED: 1}
    ask(cast, now - 2 * HOUR, Reason.PROCESSING_RESTRICTED)
    assert found(cast, now) == {NOT_ASKED: 1}
    ask(cast, now - 2 * HOUR, person="hamza")
    assert found(cast, now) == {}


def test_with_every_decision_the_question_is_about_the_same_person(cast, client_id, now):
    log_every(client_id, now - 5 * HOUR)
    collect(cast, now)
    ask(cast, now - HOUR - timedelta(minutes=2), person="hamza")
    ask(cast, now - 3 * HOUR)
    assert found(cast, now) == {NOT_ASKED: 1}
    ask(cast, now - HOUR - timedelta(minutes=1))
    assert found(cast, now) == {}


def test_what_is_collected_after_a_denial_is_found(cast, client_id, now):
    log_every(client_id, now - 5 * HOUR)
    collect(cast, now)
    ask(cast, now - HOUR - timedelta(minutes=9))
    ask(cast, now - HOUR - timedelta(minutes=8), Reason.CATEGORY_NOT_COVERED)
    assert found(cast, now) == {}
    ask(cast, now - HOUR - timedelta(minutes=5), Reason.PROCESSING_RESTRICTED)
    assert found(cast, now) == {(FindingKind.DENIED, "support"): 1}
    ask(cast, now - HOUR - timedelta(minutes=3))
    assert found(cast, now) == {}


@pytest.mark.parametrize("mode", [LogMode.COUNTS, LogMode.EVERY])
def test_a_disclosure_rests_on_a_permitted_question_about_sharing_only(cast, client_id, now, mode):
    log_every(client_id, now - 5 * HOUR, mode)
    shared = DisclosureReport(recipient="host", purpose="support", categories=["device"], shared_at=now - HOUR)
    with in_client(cast.client_id("indus")):
        make_provider(cast.client_id("indus"), at=now - 2 * HOUR)
        report_disclosure(cast.subject("danish"), shared, actor=cast.key_actor("indus"), at=now)
    ask(cast, now - HOUR - timedelta(minutes=9))
    assert found(cast, now) == {NOT_ASKED: 1}
    ask(cast, now - HOUR - timedelta(minutes=8), Reason.PROCESSING_RESTRICTED, action="share")
    kind = FindingKind.DENIED if mode == LogMode.EVERY else FindingKind.NOT_ASKED
    assert found(cast, now) == {(kind, "support"): 1}
    ask(cast, now - HOUR - timedelta(minutes=5), action="share")
    assert found(cast, now) == {}


def test_a_question_about_sharing_permits_no_collection(cast, client_id, now):
    log_every(client_id, now - 5 * HOUR)
    collect(cast, now)
    ask(cast, now - HOUR - timedelta(minutes=5), action="share")
    assert found(cast, now) == {NOT_ASKED: 1}


@pytest.mark.parametrize(("number", "is_found"), [(400, True), (300, False)])
def test_an_hour_is_unusual_beside_the_same_hour_of_four_weeks(cast, client_id, now, number, is_found):
    hour, key = (now - 2 * HOUR).replace(minute=0, second=0, microsecond=0), cast.key_actor("indus").id
    numbers = {0: number, 1: 100, 2: 100, 3: 9_000, 4: 100}
    with in_client(client_id):
        for week, of_week in numbers.items():
            DecisionCount(
                client_id=client_id,
                hour=hour - timedelta(weeks=week),
                key_id=key,
                purpose="support",
                action="process",
                reason="permitted",
                number=of_week,
                xact=1,
            ).save(force_insert=True)
    assert found(cast, now) == ({(FindingKind.UNUSUAL, ""): number} if is_found else {})


def test_nothing_is_found_without_a_log_or_of_another_client(cast, client_id, now):
    collect(cast, now)
    assert found(cast, now, client="khyber") == {}
    with pytest.raises(NotAllowed):
        found(cast, now, name="celia")
    log_every(client_id, now - 5 * HOUR, LogMode.OFF)
    assert found(cast, now) == {}


def test_the_number_of_queries_does_not_grow(cast, client_id, now):
    log_every(client_id, now - 5 * HOUR)
    counts = []
    for person in ("danish", "hamza"):
        collect(cast, now, person)
        with CaptureQueriesContext(connection) as queries:
            found(cast, now)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_of_a_client_shows_its_findings_and_days_to_no_other(cast, client_id, now, sign_in, time_machine):
    time_machine.move_to(now, tick=False)
    collect(cast, now)
    ask(cast, now - 2 * HOUR, Reason.PROCESSING_RESTRICTED)
    page = row_url("accounts/client", client_id, "use")
    with in_client(client_id):
        name = cast.client("indus").name
    shown = sign_in("farah").get(page).content.decode()
    assert f"<strong><bdi>{name}</bdi></strong>" in shown
    assert "No permitted question before it" in shown
    assert "processing restricted: 1" in shown.lower()
    assert sign_in("celia").get(page).status_code == 404


def test_a_sample_of_logged_decisions_is_drawn_and_names_no_pseudonym(cast, client_id, now, sign_in, time_machine):
    time_machine.move_to(now, tick=False)
    log_every(client_id, now - 5 * HOUR)
    ask(cast, now - HOUR, Reason.PROCESSING_RESTRICTED)
    day = f"{now:%Y-%m-%d}"
    sent = {"kind": "decisions", "since": day, "until": day, "size": 5, "seed": "seed-1", "reason": "review"}
    page = sign_in("farah").post("/admin/samples/", sent)
    [line] = page.context["lines"]
    assert line["cells"][2:] == ["processing restricted", "Support", "process"]
    with in_client(client_id):
        [pseudonym] = LoggedDecision.objects.values_list("pseudonym", flat=True)
    assert str(pseudonym) not in page.content.decode()

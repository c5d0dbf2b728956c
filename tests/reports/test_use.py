"""Findings: what systems reported beside what they asked, from the decision log; and decisions about them."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from consent.decisions.facts import Decision, Question
from consent.decisions.log import Answered, decision_log
from consent.decisions.models import DecisionCount, DecisionLogSetting, LoggedDecision, LogMode
from consent.decisions.reasons import Reason
from consent.decisions.services import set_decision_log
from consent.sharing.services import DisclosureReport, report_disclosure
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason as Code
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.office.reports.models import FindingKind, Measure, UseFinding
from paktaleem.office.reports.samples import PopulationKind, draw_sample
from paktaleem.office.reports.tasks import record_use
from paktaleem.office.reports.trends import count_weeks, get_trends
from paktaleem.office.reports.use import _PEOPLE, decide_use, list_findings, record_findings
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
        report_collection(cast.subject(person), report, actor=cast.key_actor("indus"), at=now - HOUR)


def disclose(cast, now):
    shared = DisclosureReport(recipient="host", purpose="support", categories=["device"], shared_at=now - HOUR)
    with in_client(cast.client_id("indus")):
        make_provider(cast.client_id("indus"), at=now - 2 * HOUR)
        report_disclosure(cast.subject("danish"), shared, actor=cast.key_actor("indus"), at=now)


def ask(cast, at, reason=Reason.PERMITTED, person="danish", *, purpose="support", action="process"):
    question = Question(purpose=purpose, action=action, at=at)
    with in_client(cast.client_id("indus")):
        subject = cast.subject(person).pk
    answer = Answered(subject, question, Decision(reason is Reason.PERMITTED, reason, None, (), at))
    decision_log.add(cast.client_id("indus"), cast.key_actor("indus").id, at, {purpose}, [answer])
    decision_log.flush()


def found(cast, now, client="indus", name="amina"):
    with in_client(cast.client_id(client)):
        day = {"since": now - timedelta(days=1), "until": now}
        findings = list_findings(cast.actor(name), cast.client_id(client), **day)
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
    disclose(cast, now)
    ask(cast, now - HOUR - timedelta(minutes=9))
    assert found(cast, now) == {NOT_ASKED: 1}
    ask(cast, now - HOUR - timedelta(minutes=8), Reason.PROCESSING_RESTRICTED, action="share")
    kind = FindingKind.DENIED if mode == LogMode.EVERY else FindingKind.NOT_ASKED
    assert found(cast, now) == {(kind, "support"): 1}
    ask(cast, now - HOUR - timedelta(minutes=5), action="share")
    assert found(cast, now) == {}


def test_a_disclosure_by_a_key_that_never_asks_is_found_on_its_day_only(cast, now):
    disclose(cast, now)
    assert found(cast, now + HOUR) == {NOT_ASKED: 1, NEVER_ASKS: 1}
    assert found(cast, now + timedelta(days=2)) == {}


def test_a_question_about_sharing_permits_no_collection(cast, client_id, now):
    log_every(client_id, now - 5 * HOUR)
    collect(cast, now)
    ask(cast, now - HOUR - timedelta(minutes=5), action="share")
    assert found(cast, now) == {NOT_ASKED: 1}


USUAL = {1: 100, 2: 100, 3: 9_000, 4: 100}


@pytest.mark.parametrize(
    ("numbers", "is_found"),
    [({0: 400, **USUAL}, True), ({0: 300, **USUAL}, False), ({0: 100}, True), ({0: 99}, False)],
)
def test_an_hour_is_unusual_beside_the_same_hour_of_four_weeks(cast, client_id, now, numbers, is_found):
    hour, key = (now - 2 * HOUR).replace(minute=0, second=0, microsecond=0), cast.key_actor("indus").id
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
    assert found(cast, now) == ({(FindingKind.UNUSUAL, ""): numbers[0]} if is_found else {})


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


def keep(cast, at):
    """Keep the findings of the day before ``at``; return how many are new, and all of the client."""
    with in_client(cast.client_id("indus")):
        new = record_findings(cast.client("indus"), actor=cast.actor("amina"), at=at)
        return new, list(UseFinding.objects.order_by("kind", "-last_on"))


DAY = timedelta(days=1)


def test_questions_are_counted_by_week_and_answer(cast, client_id, now):
    for at, reason in ((now, Reason.PERMITTED), (now, Reason.UNDECIDABLE), (now - 7 * DAY, Reason.PERMITTED)):
        ask(cast, at - HOUR, reason)
        ask(cast, at - HOUR, reason)
    by, week = cast.actor("amina"), now.date()
    with in_client(client_id):
        assert count_weeks(cast.client("indus"), actor=by, at=now)
        permitted, denied = get_trends(by, client_id, today=week).series(Measure.QUESTIONS)
    assert (permitted[-2:], denied[-2:]) == ([2, 2], [0, 2])


COLLECTIONS = """
INSERT INTO holdings_collection (id, client_id, subject_id, category, occasion, purpose, count, reason, collected_at,
    reported_at, actor_kind, actor_id, actor_role)
SELECT gen_random_uuid(), %(client)s, %(person)s, 'usage_logs', 'assessment', 'support', 1, 'permitted', t.at, t.at,
    'api_key', %(client)s, 'key'
FROM generate_series(1, 200000) n, LATERAL (SELECT %(now)s - n * interval '3 minutes' AS at) t
"""


def test_people_of_a_day_are_found_by_an_index_among_200_000_reports(committed, now):
    client_id = committed.client_id("indus")
    with in_client(client_id), connection.cursor() as cursor:
        person = committed.subject("danish").pk
        cursor.execute(COLLECTIONS, {"client": client_id, "person": person, "now": now})
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE holdings_collection")
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {_PEOPLE}", {"client": client_id, "since": now - DAY, "until": now})
        plan = str(cursor.fetchall())
    assert "collection_by_time" in plan
    assert "Seq Scan on holdings_collection" not in plan


def test_a_finding_goes_on_until_staff_decide_and_a_later_day_is_a_new_one(cast, client_id, now):
    by = {"decision": "mended", "ground": "The release of Monday asks.", "actor": cast.actor("farah")}
    collect(cast, now)
    new, [never, not_asked] = keep(cast, now + DAY)
    assert (new, never.kind, not_asked.kind) == (2, FindingKind.NEVER_ASKS, FindingKind.NOT_ASKED)
    assert (not_asked.first_on, not_asked.last_on) == (now.date(), now.date())
    collect(cast, now)
    collect(cast, now + DAY)
    assert [(row.first_on, row.number) for row in keep(cast, now + DAY)[1]] == [(not_asked.first_on, 2)] * 2
    new, [_, again] = keep(cast, now + 2 * DAY)
    assert (new, again.pk, again.last_on, again.number) == (0, not_asked.pk, not_asked.first_on + DAY, 1)
    with in_client(client_id):
        decide_use(again, **by, at=now + 2 * DAY)
    assert keep(cast, now + 2 * DAY)[0] == 0
    collect(cast, now + 2 * DAY)
    new, [_, later, decided] = keep(cast, now + 3 * DAY)
    assert (new, later.decision, decided.decision, decided.decided_by) == (1, "", "mended", cast.actor("farah").id)


def test_a_decision_has_a_ground_is_taken_once_and_is_in_the_ledger(cast, client_id, now):
    collect(cast, now)
    _new, [_, row] = keep(cast, now + DAY)
    by = {"decision": "explained", "ground": " On paper. ", "actor": cast.actor("farah"), "at": now + DAY}
    with in_client(client_id):
        with pytest.raises(NotAllowed):
            decide_use(row, **{**by, "actor": cast.actor("celia")})
        for field, wrong in (("ground", " "), ("decision", "erased by us")):
            with pytest.raises(ValidationError) as refused:
                decide_use(row, **{**by, field: wrong})
            assert set(refused.value.message_dict) == {field}
        assert decide_use(row, **by).ground == "On paper."
        with pytest.raises(Refused, match="decided already"):
            decide_use(row, **by)
        kinds = Entry.objects.filter(kind__startswith="use.").order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["use.found", "use.decided"]


def test_the_database_keeps_one_open_finding_and_no_decision_without_a_ground(cast, client_id, now):
    collect(cast, now)
    _new, [_, row] = keep(cast, now + DAY)
    with in_client(client_id):
        for wrong in ({"pk": new_id()}, {"decision": "explained"}):
            values = {field.attname: getattr(row, field.attname) for field in row._meta.fields if field.name != "id"}
            with pytest.raises(IntegrityError), transaction.atomic():
                UseFinding(**{"pk": row.pk, **values, **wrong}).save()


def test_the_task_keeps_findings_of_each_client_and_the_first_page_counts_them(cast, client_id, sign_in, now):
    karachi = ZoneInfo("Asia/Karachi")
    yesterday = wall_clock_now().astimezone(karachi) - DAY
    collect(cast, datetime.combine(yesterday, time(12), karachi))
    record_use(0)
    with in_client(client_id):
        assert UseFinding.objects.count() == 2
    for name, cards in (("amina", ["2"]), ("farah", ["2"]), ("celia", [])):
        page = sign_in(name).get("/admin/")
        found = [card.value for card in page.context["attention"] if card.title == "Findings about the use of data"]
        assert found == cards, name


def test_the_page_of_a_client_shows_its_findings_and_days_to_no_other(cast, client_id, now, sign_in, time_machine):
    time_machine.move_to(now + DAY, tick=False)
    collect(cast, now)
    ask(cast, now - 2 * HOUR, Reason.PROCESSING_RESTRICTED)
    keep(cast, now + DAY)
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


@pytest.mark.parametrize(("kind", "days"), [("decisions", 90), ("decisions", 91), ("consents", 91)])
def test_a_sample_of_decisions_is_of_the_days_for_which_they_are_kept(now, sign_in, time_machine, kind, days):
    time_machine.move_to(now, tick=False)
    sent = {"kind": kind, "since": f"{now - days * DAY:%Y-%m-%d}", "until": f"{now:%Y-%m-%d}", "size": 5}
    page = sign_in("farah").post("/admin/samples/", {**sent, "seed": "seed-1", "reason": "review"})
    is_refused = (kind, days) == ("decisions", 91)
    assert ("lines" in page.context, "at most 90 days" in page.text) == (not is_refused, is_refused)


def test_no_sample_is_drawn_of_decisions_that_are_deleted(cast, client_id, now):
    drawn = {"size": 1, "seed": "seed-1", "form": "csv", "actor": cast.actor("farah"), "reason": "review", "at": now}
    with in_client(client_id):
        assert draw_sample(PopulationKind.DECISIONS, client_id, since=now - 91 * DAY, until=now, **drawn).rows == []
        with pytest.raises(ValueError, match="deleted"):
            draw_sample(PopulationKind.DECISIONS, client_id, since=now - 92 * DAY, until=now, **drawn)

"""A request from any channel: one case, one clock; pauses, the extension, and what the worker does when."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext
from hypothesis import given, strategies as st

from paktaleem.directory.access_links.services import count_attempt
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import letter_outcomes
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.law.profiles import read_law
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.services import Statement, add_correction
from rights.requests.deadlines import due_at, longest_extension
from rights.requests.letters import compose_answer
from rights.requests.models import RequestStep, RightsRequest
from rights.requests.selectors import get_figures
from rights.requests.services.clock import (
    AlreadyAnswered,
    carry_out_due_steps,
    extend_request,
    pause_request,
    resume_request,
)
from rights.requests.services.closing import answer_request, record_delivery
from rights.requests.services.decisions import AlreadyDecided, decide_part
from rights.requests.services.intake import MATCH_LIMITS, assign_person, read_request, receive_request, verify_identity
from rights.requests.services.steps import list_parts
from rights.requests.tasks import notify_staff
from tests.laws import law_abroad, law_of_pakistan, move_abroad, period
from tests.rights.cases import AT, DAY, decided, in_indus, naming, own, part_of, received, refused_to

WORKER = system_actor("tests")


def test_the_clock_starts_at_receipt_and_the_person_is_sent_an_acknowledgement(cast, indus):
    request = received(cast, "access", details="All of it, please.")
    assert (request.due_at, request.expected_by) == (AT + 30 * DAY, AT + 30 * DAY)
    letter = Letter.objects.get(kind="rights_received")
    assert (letter.subject_id, letter.related_id) == (cast.subject_id("hamza"), request.pk)
    steps = list(RequestStep.objects.filter(request=request).values_list("kind", flat=True))
    assert steps == ["received", "acknowledged"]
    kinds = Entry.objects.filter(family="rights_request").order_by("recorded_at", "id").values_list("kind", flat=True)
    assert list(kinds) == ["rights_request.received", "rights_request.acknowledged"]


def test_several_rights_are_one_request_and_each_part_goes_to_its_controller(cast, indus):
    parts = {(one.kind, one.decider): one.purposes for one in list_parts(received(cast, "access", "objection"))}
    assert parts["access", "client"] == parts["access", "paktaleem"] == []
    assert parts["objection", "paktaleem"] == ["platform_improvement", "security_integrity"]
    assert ("objection", "client") not in parts
    named = received(cast, "erasure", purposes=["newsletter", "payment_billing"])
    found = {one.decider: one.purposes for one in list_parts(named)}
    assert found == {"client": ["newsletter"], "paktaleem": ["payment_billing"]}


def test_an_unknown_person_and_one_who_is_not_verified_wait(cast, indus):
    unknown = received(cast, "access", subject=None, channel="form", contact="someone@mail.example")
    assert unknown.state == "triage"
    assert not Letter.objects.exists()
    assign_person(unknown, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=AT)
    unknown.refresh_from_db()
    assert unknown.state == "identity_pending"
    verify_identity(unknown, actor=cast.actor("farah"), at=AT)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.identity_method) == ("with_client", "client")


def test_texts_are_sealed_and_reading_them_is_recorded_first(cast, indus):
    request = received(cast, details="Hamza wants it", contact="hamza@mail.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM requests_rightsrequest r")
        assert "Hamza wants" not in cursor.fetchone()[0]
    read = read_request(request, actor=cast.actor("farah"), reason=Reason.REVIEW, at=AT)
    assert read == {"details": "Hamza wants it", "contact": "hamza@mail.example", "answer": ""}
    assert Entry.objects.filter(kind="rights_request.read").count() == 1
    refused_to(cast, "bilal sana", read_request, request, reason=Reason.REVIEW, at=AT)


def test_erasing_the_person_destroys_the_texts_and_leaves_the_case(cast, indus):
    request = received(cast, details="Hamza wants it")
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    request.refresh_from_db()
    assert (request.wrapped, request.details, request.is_open) == (None, None, True)
    assert Entry.objects.filter(kind="rights_request.forgotten").count() == 1
    with pytest.raises(AlreadyErased):
        received(cast)


def test_staff_may_enter_a_call_of_the_last_thirty_days_and_no_other_time(cast, indus):
    earlier = received(cast, channel="telephone", actor=cast.actor("sana"), received_at=AT - 2 * DAY)
    assert earlier.due_at == AT + 28 * DAY
    for wrong in (AT + DAY, AT - 30 * DAY):
        with pytest.raises(ValidationError, match="last thirty days"):
            received(cast, channel="telephone", received_at=wrong)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["access", "access"]}, "kinds"),
        ({"purposes": ["nothing_known"]}, "purposes"),
    ],
)
def test_wrong_input_names_its_field(cast, indus, given, field):
    details = {"kinds": ["access"], "channel": "api", "language": "en", "at": AT, **given}
    with naming(field):
        receive_request(cast.client("indus"), actor=cast.key_actor("indus"), **details)
    assert not RightsRequest.objects.exists()


def test_roles_receive_and_see_what_the_table_says(cast, indus):
    for actor in (cast.actor("sana"), cast.actor("farah"), cast.key_actor("indus"), own(cast)):
        assert received(cast, actor=actor).is_open
    for actor in (cast.actor("bilal"), cast.actor("celia"), cast.key_actor("khyber"), own(cast, "esra")):
        with pytest.raises(NotAllowed):
            received(cast, actor=actor)


@pytest.mark.parametrize(
    "column",
    [
        {"due_at": AT + 31 * DAY},
        {"expected_by": AT},
        {"identity_method": ""},
        {"closed_at": AT},
        {"state": "duplicate"},
    ],
)
def test_the_database_refuses_a_broken_request(cast, indus, column):
    request = received(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=request.pk).update(**column)


def test_no_text_is_received_about_a_person_who_is_erased_meanwhile(cast, indus):
    loaded, unknown = cast.subject("hamza"), received(cast, "access", subject=None, channel="form")
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    told = {"actor": cast.actor("amina"), "at": AT}
    with pytest.raises(AlreadyErased):
        receive_request(loaded.client, kinds=["access"], channel="telephone", subject=loaded, language="en", **told)
    with pytest.raises(AlreadyErased):
        assign_person(unknown, subject=loaded, **told)


TIMES = 8
REFUSALS = (AlreadyDecided, Refused, AlreadyAnswered)


def at_once[T](times, act):
    def attempt(number):
        try:
            return act(number)
        except REFUSALS:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(attempt, range(times)))


def test_of_many_requests_about_one_contact_three_count(committed):
    found = at_once(40, lambda one: count_attempt(MATCH_LIMITS, address="indus/a", ip=f"203.0.113.{one}"))
    assert found.count(True) == 3


def test_of_two_tabs_one_decides_one_extends_and_one_answers(committed):
    client_id, farah = committed.client_id("indus"), committed.actor("farah")
    with in_client(client_id):
        request = received(committed, "rectification")
        add_correction(request, Statement(field="full_name", new_value="Hamza Lodhi"), actor=farah, at=AT)
        part = part_of(request)

    by = {"actor": farah, "at": AT}
    for act in (
        lambda: extend_request(request, days=5, text="Why", **by),
        lambda: decide_part(part, decision="granted", **by),
        lambda: answer_request(request, text="Done.", **by),
    ):
        found = at_once(TIMES, lambda _, act=act: in_indus(committed, act))
        assert len([one for one in found if one is not None]) == 1


def test_of_many_workers_one_carries_out_a_step(committed):
    client_id = committed.client_id("indus")
    with in_client(client_id):
        received(committed, "access")
        decided(committed, received(committed, "question"))

    def run(_):
        with in_client(client_id):
            return carry_out_due_steps(client_id, actor=system_actor("tests"), at=AT + 31 * DAY)

    counts = at_once(TIMES, run)
    with in_client(client_id):
        steps = RequestStep.objects.filter(facts__has_key="on").count()
        assert sum(one or 0 for one in counts) == steps == 8 + 6


def run(cast, at):
    return carry_out_due_steps(cast.client_id("indus"), actor=WORKER, at=at)


def done():
    steps = RequestStep.objects.filter(facts__has_key="on").values_list("kind", "facts__on")
    return sorted(steps, key=lambda step: (step[1], step[0]))


def test_an_outage_of_two_days_loses_no_step_and_a_second_worker_doubles_none(cast, indus):
    received(cast, "access")
    assert run(cast, AT + 19 * DAY) == 0
    assert run(cast, AT + 20 * DAY) == 1
    assert run(cast, AT + 20 * DAY) == 0
    assert run(cast, AT + 26 * DAY) == 1
    assert run(cast, AT + 29 * DAY) == 3, "after an outage: two reminders and the alarm for a notice"
    assert run(cast, AT + 31 * DAY) == 3
    assert done() == [
        ("escalated", "2026-10-21"),
        ("reminded", "2026-10-24"),
        ("notice_needed", "2026-10-28"),
        ("reminded", "2026-10-28"),
        ("reminded", "2026-10-30"),
        ("overdue", "2026-10-31"),
        ("reminded", "2026-10-31"),
        ("reminded", "2026-11-01"),
    ]
    kinds = set(Entry.objects.filter(family="rights_request").values_list("kind", flat=True))
    assert {f"rights_request.{kind}" for kind, _day in done()} <= kinds


def test_a_run_with_nothing_to_do_locks_no_request_and_takes_no_more_queries_for_more_of_them(cast, indus):
    counts = []
    for _ in range(3):
        received(cast, "access")
        run(cast, AT + 27 * DAY)
        with CaptureQueriesContext(connection) as queries:
            assert run(cast, AT + 27 * DAY) == 0
        assert not any("FOR UPDATE" in one["sql"] for one in queries.captured_queries)
        counts.append(len(queries))
    assert counts == counts[:1] * 3


def test_a_run_with_work_takes_no_more_queries_for_more_requests(cast, indus):
    counts = []
    for number in (1, 4):
        for _ in range(number):
            received(cast, "access")
        with CaptureQueriesContext(connection) as queries:
            assert run(cast, AT + 27 * DAY) == 4 * number
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_overdue_requests_are_counted_by_the_deadline_that_counts(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    assert RightsRequest.objects.overdue(AT + 30 * DAY).count() == 1
    extend_request(request, days=10, text="Three systems must answer.", actor=farah, at=AT + 26 * DAY)
    request.refresh_from_db()
    assert (request.due_at, request.expected_by) == (AT + 30 * DAY, AT + 40 * DAY)
    assert not RightsRequest.objects.overdue(AT + 39 * DAY).exists()
    assert RightsRequest.objects.overdue(AT + 40 * DAY).exists()
    assert Letter.objects.filter(kind="rights_notice").count() == 1


def test_an_extension_is_given_once_with_reasons_and_before_the_due_date(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    for days in (0, 61):
        with naming("days"):
            extend_request(request, days=days, text="Why", actor=farah, at=AT)
    with pytest.raises(ValidationError, match="reasons"):
        extend_request(request, days=5, text=" ", actor=farah, at=AT)
    with pytest.raises(Refused, match="The due date has passed"):
        extend_request(request, days=5, text="Late", actor=farah, at=AT + 30 * DAY)
    extend_request(request, days=5, text="Why", actor=farah, at=AT)
    with pytest.raises(Refused, match="already extended"):
        extend_request(request, days=5, text="Again", actor=farah, at=AT)
    with pytest.raises(NotAllowed):
        extend_request(request, days=5, text="Why", actor=cast.actor("sana"), at=AT)


def test_a_pause_moves_the_expected_date_and_never_the_due_date(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    pause_request(request, cause="clarification", actor=farah, at=AT + 2 * DAY)
    with pytest.raises(Refused, match="A pause is already running"):
        pause_request(request, cause="identity", actor=farah, at=AT + 3 * DAY)
    resumed = resume_request(request, actor=farah, at=AT + 7 * DAY)
    assert (resumed.due_at, resumed.expected_by) == (AT + 30 * DAY, AT + 35 * DAY)
    assert resumed.answer_by == AT + 30 * DAY, "without a notice the due date counts"
    with pytest.raises(Refused, match="No pause is running"):
        resume_request(request, actor=farah, at=AT + 8 * DAY)


def test_a_pause_that_no_one_ends_after_a_notice_does_not_stop_the_clock_for_good(cast, indus):
    request, farah = received(cast, "access"), cast.actor("farah")
    extend_request(request, days=1, text="Why", actor=farah, at=AT + DAY)
    paused = pause_request(request, cause="identity", actor=farah, at=AT + 2 * DAY)
    assert paused.answer_by == AT + 61 * DAY
    assert not RightsRequest.objects.overdue(AT + 60 * DAY).exists()
    assert RightsRequest.objects.overdue(AT + 400 * DAY).exists()
    run(cast, AT + 400 * DAY)
    assert ("overdue", "2026-12-01") in done()


def test_a_notice_that_was_not_sent_moves_no_deadline_until_it_is_handed_over(cast, indus):
    request, farah = received(cast, "access", subject="danish"), cast.actor("farah")
    extended = extend_request(request, days=10, text="Why", actor=farah, at=AT + DAY)
    assert (extended.notice_at, extended.answer_by) == (None, AT + 30 * DAY)
    assert RightsRequest.objects.overdue(AT + 30 * DAY).exists()
    with pytest.raises(Refused, match="The due date has passed"):
        record_delivery(request, actor=farah, at=AT + 30 * DAY)
    handed_over = record_delivery(request, actor=farah, at=AT + 5 * DAY)
    assert (handed_over.notice_at, handed_over.answer_by) == (AT + 5 * DAY, AT + 40 * DAY)
    assert RequestStep.objects.get(kind="delivered").facts == {"what": "notice"}
    with pytest.raises(Refused, match="already has the answer"):
        record_delivery(request, actor=farah, at=AT + 6 * DAY)


def test_an_answer_that_did_not_reach_the_person_stops_no_clock_and_is_not_in_time(cast, indus):
    request, amina = decided(cast, received(cast, "question", subject="danish")), cast.actor("amina")
    answer_request(request, text="Here.", actor=amina, at=AT + DAY)
    assert [one.in_time for one in get_figures(amina, since=AT)] == [0]
    assert RightsRequest.objects.overdue(AT + 31 * DAY).exists()
    assert record_delivery(request, actor=amina, at=AT + 2 * DAY).delivered_at == AT + 2 * DAY
    assert [one.in_time for one in get_figures(amina, since=AT)] == [1]
    assert not RightsRequest.objects.overdue(AT + 31 * DAY).exists()


def test_an_answer_whose_email_fails_is_not_delivered_until_it_is_sent_after_all(cast, indus):
    request = decided(cast, received(cast, "question"))
    answer_request(request, text="Here.", actor=cast.actor("amina"), at=AT + DAY)
    letter = Letter.objects.get(kind="rights_answer")
    for state, delivered_at in (("failed", None), ("sent", AT + 2 * DAY)):
        letter.state = state
        for record in letter_outcomes:
            record(letter, WORKER, AT + 2 * DAY)
        request.refresh_from_db()
        assert request.delivered_at == delivered_at


def test_staff_are_emailed_the_client_while_it_decides_and_officers_from_day_twenty(cast):
    request = received(cast, "access")
    for kind in ("reminder", "escalation"):
        notify_staff(str(request.client_id), str(request.pk), kind)
    found = {}
    for code in ("indus", "paktaleem"):
        with in_client(cast.client_id(code)):
            letters = Letter.objects.filter(related_id=request.pk, user__isnull=False)
            found[code] = sorted(letters.values_list("kind", "user__email"))
    assert found == {
        "indus": [("rights_escalation", "farah@indus.example"), ("rights_reminder", "farah@indus.example")],
        "paktaleem": [("rights_escalation", "amina@paktaleem.example")],
    }


def test_the_email_has_a_full_link_in_a_trial_without_a_public_address(cast, settings):
    settings.PUBLIC_URL, settings.SESSION_COOKIE_SECURE = "", False
    request = received(cast, "access")
    notify_staff(str(request.client_id), str(request.pk), "reminder")
    assert in_indus(cast, Letter.objects.filter(related_id=request.pk, user__isnull=False).exists)


@pytest.mark.parametrize("table", ["requeststep", "requestextension", "requestnote"])
def test_the_timeline_is_append_only(cast, indus, table):
    denied = pytest.raises(ProgrammingError, match="permission denied")
    with connection.cursor() as cursor, denied, transaction.atomic():
        cursor.execute(f"DELETE FROM requests_{table}")  # noqa: S608 -- names of our tables


# Due dates by law: a second calculation against tables computed by hand, and what is never retroactive.


LAW = read_law()
NOON = 12

# country (and that of residence), received at noon, last day of the law at noon, or None if the promise of thirty days
# is earlier, longest extension in days
TABLE = [
    ("DE", date(2026, 1, 15), None, 60),  # the month ends on 15 February, the promise on the 14th
    ("DE", date(2026, 1, 31), date(2026, 2, 28), 59),  # no 31 February; then 28 April
    ("DE", date(2026, 2, 1), date(2026, 3, 1), 60),  # then 1 May
    ("DE", date(2026, 2, 28), date(2026, 3, 28), 60),
    ("DE", date(2028, 1, 31), date(2028, 2, 29), 60),  # a leap year; then 29 April, 60 days later
    ("DE", date(2026, 4, 30), None, 60),  # 30 May, but the promise is at noon of that day
    ("GB", date(2026, 2, 10), date(2026, 3, 10), 60),
    ("US", date(2026, 2, 10), None, 15),  # forty-five days in all, without extension
    ("PK", date(2026, 2, 10), None, 60),
    ("AE", date(2026, 2, 10), None, 60),  # no profile: the promise
    ("PK DE", date(2026, 1, 31), date(2026, 2, 28), 59),  # a client there, a person who lives here: the stricter law
    ("US DE", date(2026, 2, 10), date(2026, 3, 10), 17),  # forty-five days end on 27 March
    ("DE US", date(2026, 1, 15), None, 15),  # they end on 1 March
    ("GB AE", date(2026, 2, 10), date(2026, 3, 10), 60),
]


@pytest.mark.parametrize(("country", "day", "last", "extension"), TABLE)
def test_the_due_date_and_the_longest_extension_are_those_of_the_table(country, day, last, extension):
    at = datetime(day.year, day.month, day.day, NOON, tzinfo=UTC)
    laws = [LAW.find_profile(one).on(day) for one in country.split()]
    due = at + 30 * DAY if last is None else datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY
    assert due_at(at, zone="UTC", laws=laws) == due
    assert longest_extension(at, zone="UTC", laws=laws) == extension * DAY


def count_a_month(day):
    """Look through the days of the next month: the one of the same number, otherwise the last."""
    later = (day + n * DAY for n in range(1, 63))
    next_month = [one for one in later if one.month == day.month % 12 + 1]
    return ([one for one in next_month if one.day == day.day] or next_month[-1:])[0]


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- with UTC
    st.sampled_from(["Europe/Berlin", "Asia/Karachi", "Pacific/Apia"]),
)
def test_a_second_calculation_of_the_month_agrees(at, zone):
    place = ZoneInfo(zone)
    last = count_a_month(at.astimezone(place).date())
    end = datetime.combine(last + DAY, datetime.min.time(), place).astimezone(UTC)
    laws = [LAW.find_profile("DE").on(at.date())]
    due = due_at(at, zone=zone, laws=laws)
    assert due == min(end, at + 30 * DAY)
    assert timedelta(days=59) <= longest_extension(at, zone=zone, laws=laws) <= timedelta(days=60)


def test_a_new_period_counts_for_later_requests_only(cast, indus, tmp_path):
    stricter = law_of_pakistan(
        tmp_path / "law",
        period("2017-05-30", marketing='text_en = "As before"\ntext_ur = "پہلے کی طرح"'),
        period(f"{(AT + DAY).date()}", answer="days = 15", pause="allowed = false"),
    )
    before = received(cast, "access")
    with stricter:
        after = received(cast, "access", at=AT + 2 * DAY)
        pause_request(before, cause="identity", actor=cast.actor("farah"), at=AT + 2 * DAY)
        with pytest.raises(Refused, match="The law has no pause: Act of a test"):
            pause_request(after, cause="identity", actor=cast.actor("farah"), at=AT + 2 * DAY)
        with naming("days"):
            extend_request(after, days=1, text="Much to read.", actor=cast.actor("farah"), at=AT + 3 * DAY)
    before.refresh_from_db()
    assert before.due_at == before.received_at + 30 * DAY
    assert after.due_at.astimezone(ZoneInfo(indus.time_zone)).date() == (AT + 18 * DAY).date()


def test_the_law_where_a_person_lives_counts_if_it_is_stricter(cast, indus, tmp_path):
    last = datetime.combine((AT + 16 * DAY).date(), datetime.min.time(), ZoneInfo(indus.time_zone))
    move_abroad(cast.subject("hamza"))
    with law_abroad(tmp_path):
        request = received(cast, "access")
        assert (request.due_at, request.expected_by, request.answer_by) == (last, last, last)
        with pytest.raises(Refused, match="The law has no pause: Act of a test"):
            pause_request(request, cause="identity", actor=cast.actor("farah"), at=AT)
        with naming("days"):
            extend_request(request, days=1, text="Much to read.", actor=cast.actor("farah"), at=AT)
        assert received(cast, "access", subject="danish").due_at == AT + 30 * DAY, "who lives here"
        later = received(cast, "access", subject=None, channel="form", contact="someone@mail.example")
        assert later.due_at == AT + 30 * DAY
        assign_person(later, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=AT)
        later.refresh_from_db()
        assert (later.due_at, later.expected_by, later.answer_by) == (last, last, last), "once the person is known"
        assign_person(later, subject=cast.subject("danish"), actor=cast.actor("amina"), at=AT)
        assert later.due_at == last, "never later"


def test_a_refusal_names_the_authority_where_the_person_lives(cast, indus, tmp_path):
    move_abroad(cast.subject("hamza"))
    refused = {"decision": "refused", "refusal_code": "excessive", "reasons": "No."}
    requests = {name: decided(cast, received(cast, "access", subject=name), **refused) for name in ("hamza", "danish")}
    with law_abroad(tmp_path):
        letters = {name: compose_answer(request) for name, request in requests.items()}
    assert "you may complain to: Office of a test. https://privacy.example" in letters["hamza"]
    assert "responsible where you live" in letters["danish"]

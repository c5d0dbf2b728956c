"""Weekly digests, samples for audits and trends: counted by the worker, without data subjects."""

import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, strategies as st
from time_machine import TimeMachineFixture

from consent.consents.models import ConsentEvent, ConsentState
from consent.consents.services.recording import Answer, record_answers
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.rendering import decrypt_context, render
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import reveal_fields
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.office.reports.digests import describe_looks, find_last_week, send_digest
from paktaleem.office.reports.models import Measure, WeeklyCount
from paktaleem.office.reports.samples import POPULATIONS, PopulationKind, Sample, draw_sample
from paktaleem.office.reports.trends import HEIGHT, count_weeks, draw_columns, get_trends
from retention.holdings.services.holdings import CollectionReport, report_collection
from rights.requests.models import RightsRequest
from tests.cast import Cast
from tests.consent.making import shown
from tests.console.pages import refused_by_policy, row_url
from tests.factories import SubjectFactory
from tests.rights.cases import received
from tests.sandbox.making import Sandbox
from tests.signing_in import SignIn, browser_of

SENDER = system_actor("digests.send")
MONDAY = datetime(2026, 10, 5, 1, 0, tzinfo=UTC)
"""Six in the morning of a Monday in Karachi."""
ZONE = "Asia/Karachi"
WEEK = timedelta(weeks=1)
AT = datetime(2026, 10, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@given(st.integers(0, 10**9).map(lambda seconds: MONDAY + timedelta(seconds=seconds)))
def test_the_last_week_is_over_and_began_less_than_two_weeks_ago(at: datetime) -> None:
    week = find_last_week(at, ZONE)
    assert week.monday.weekday() == 0
    assert week.ends_at <= at < week.ends_at + WEEK
    assert week.ends_at - week.starts_at == WEEK


def send(client_id: Any, at: datetime) -> int:
    return send_digest(Client.objects.get(pk=client_id), actor=SENDER, at=at)


def test_it_is_sent_once_in_the_recipients_language_and_names_no_data_subject(cast: Cast) -> None:
    client_id, looked_at = cast.client_id("indus"), MONDAY - timedelta(days=2)
    with in_client(client_id):
        danish = cast.subject("danish")
        for name, at in {"amina": looked_at, "farah": looked_at}.items():
            reveal_fields(danish, actor=cast.actor(name), reason=Reason.SUPPORT_CASE, at=at)
        reveal_fields(danish, actor=cast.actor("amina"), reason=Reason.REVIEW, at=MONDAY)
        received(cast, "access", at=looked_at)
        assert send(client_id, MONDAY - timedelta(minutes=1)) == 0
        assert [send(client_id, MONDAY + late * timedelta(days=2)) for late in (0, 1, 3)] == [1, 0, 0]
        facts = json.loads(Entry.objects.get(kind="digest.sent").body)["facts"]
        assert facts == {"monday": "2026-09-28", "recipients": 1}
        looks = describe_looks(client_id, find_last_week(MONDAY, ZONE))
        assert looks == ["privacy officer: data of 1 person, Support case (1)"]
        letter = Letter.objects.get(kind="weekly_digest")
        values = {"client": "Indus Schools", **json.loads(decrypt_context(letter))}
        assert send(client_id, MONDAY + WEEK) == 1
    written = render(letter.kind, language="en", channel=letter.channel, values=values)
    subject, body = written.subject, written.text
    assert letter.user_id == cast.user_id("farah")
    assert "2026-09-28" in subject
    assert looks[0] in body
    assert "Rights requests: 1, due 2026-11-" in body
    assert "/digest/" in body
    assert "danish" not in body.lower()


@pytest.mark.parametrize(("name", "status"), [("farah", 200), ("amina", 200), ("sana", 403), ("celia", 404)])
def test_the_page_counts_accesses_for_those_who_may_see_the_access_log(
    name: str, status: int, cast: Cast, sign_in: SignIn, time_machine: TimeMachineFixture
) -> None:
    client_id = cast.client_id("indus")
    with in_client(client_id):
        reveal_fields(cast.subject("danish"), actor=cast.actor("amina"), reason=Reason.SUPPORT_CASE, at=MONDAY)
        reveal_fields(cast.subject("hamza"), actor=cast.actor("farah"), reason=Reason.SUPPORT_CASE, at=MONDAY)
        received(cast, "access", at=MONDAY)
    time_machine.move_to(MONDAY + WEEK, tick=False)
    answer = sign_in(name).get(row_url("accounts/client", client_id, "digest"))
    assert answer.status_code == status
    if status == 200:
        shown = answer.content.decode()
        assert "privacy officer: data of 1 person, Support case (1)" in shown
        assert "client admin" not in shown
        assert ("Rights requests</a>: 1" in shown) == (name == "farah")


@pytest.fixture
def answers(cast: Cast) -> None:
    for code, number, farah in (("indus", 12, "farah"), ("khyber", 1, "celia")):
        client_id = cast.client_id(code)
        with in_client(client_id):
            client = Client.objects.get(pk=client_id)
            for place in range(number):
                person = SubjectFactory(client=client, external_id=f"secret-{place}", role="instructor")
                by: dict[str, Any] = {"actor": cast.actor(farah), "at": AT}
                given = [Answer("newsletter", ConsentState.GIVEN)]
                record_answers(person, answers=given, shown=shown(client_id, AT), **by)


def draw(cast: Cast, name: str = "bilal", client: str | None = "indus", **given: Any) -> Sample:
    values: dict[str, Any] = {"since": AT - DAY, "until": AT + DAY, "size": 5, "seed": "seed-1", "form": "page"}
    by: dict[str, Any] = {"actor": cast.actor(name), "reason": "review", "at": AT}
    client_id = cast.client_id(client) if client else None
    return draw_sample(PopulationKind.CONSENTS, client_id, **{**values, **given}, **by)


def test_the_same_seed_draws_the_same_rows_and_another_seed_others(cast: Cast, answers: None) -> None:
    with as_officer():
        first, again, other = draw(cast), draw(cast), draw(cast, seed="seed-2")
        assert first.population == 12
        assert len(first.rows) == 5
        assert first.rows == again.rows != other.rows
        assert draw(cast, size=6).rows[:5] == first.rows, "a larger sample begins with the smaller one"
        assert draw(cast, client=None).population == 13
        assert draw(cast, since=AT + timedelta(seconds=1)).population == 0
    with in_client(PAKTALEEM):
        entry = Entry.objects.filter(kind="sample.drawn").latest("recorded_at")
    with in_client(cast.client_id("indus")):
        body = json.loads(Entry.objects.filter(kind="sample.drawn").earliest("id").body)
    assert entry.client_id == PAKTALEEM, "a sample of all clients is recorded at PakTaleem"
    told = body["facts"]
    assert (told["seed"], told["rows"], told["size"], told["population"]) == ("seed-1", 12, 5, "consents")


def test_neither_a_support_agent_nor_another_client_draws(cast: Cast, answers: None) -> None:
    with as_officer(), pytest.raises(NotAllowed):
        draw(cast, "sana")
    with in_client(cast.client_id("khyber")):
        with pytest.raises(NotAllowed):
            draw(cast, "celia")
        assert draw(cast, "celia", client="khyber").population == 1


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 501}, {"seed": "a"}, {"seed": "Hamza Khan"}])
def test_a_size_or_a_seed_out_of_bounds_is_refused(cast: Cast, wrong: dict[str, Any]) -> None:
    with in_client(cast.client_id("indus")), pytest.raises(ValueError, match="out of bounds"):
        draw(cast, "farah", **wrong)


def test_no_column_of_a_sample_is_about_who_the_person_is() -> None:
    for population in POPULATIONS.values():
        fields = set(population.shown)
        assert not {name for name in fields if name.startswith(("subject", "guardian", "requester", "actor_id"))}
        sealed = {field.name for field in population.model._meta.fields if "Sealed" in type(field).__name__}
        assert not fields & sealed


def test_an_auditor_draws_on_the_page_and_as_csv(cast: Cast, answers: None) -> None:
    bilal = browser_of(cast.user("bilal"))
    sent = {"kind": "consents", "since": "2026-10-01", "until": "2026-10-31", "size": "5", "reason": "review"}
    sent |= {"seed": "", "client": str(cast.client_id("indus"))}
    page = bilal.post("/admin/samples/", sent)
    sample = page.context["sample"]
    assert (sample.population, len(sample.rows)) == (12, 5)
    text = page.content.decode()
    assert sample.seed in text
    assert "secret-" not in text
    file = bilal.post("/admin/samples/", {**sent, "seed": sample.seed, "csv": "1"})
    header, *rows = csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")))
    assert header[:5] == ["seed", "population", "since", "until", "row_id"]
    assert [row[4] for row in rows] == [row[0] for row in sample.rows]
    assert {tuple(row[:2]) for row in rows} == {(sample.seed, "12")}
    wrong = bilal.post("/admin/samples/", {**sent, "until": "2026-09-01", "seed": "not a seed"})
    assert {"until", "seed"} <= set(wrong.context["form"].errors)
    with as_officer():
        assert ConsentEvent.objects.count() >= 13
    assert browser_of(cast.user("sana")).get("/admin/samples/").status_code == 403


def test_the_page_names_client_purpose_category_and_occasion_and_the_file_has_their_codes(
    rows: dict[str, Any], cast_of_rows: Cast
) -> None:
    bilal = browser_of(cast_of_rows.user("bilal"))
    sent = {"kind": "collections", "size": 50, "seed": "seed-1", "reason": "review"}
    sent |= {"since": "2026-01-01", "until": "2027-12-31"}
    lines = bilal.post("/admin/samples/", sent).context["lines"]
    assert lines
    assert {line["cells"][0] for line in lines} == {"Indus Schools Network"}
    file = bilal.post("/admin/samples/", {**sent, "csv": "1"})
    given = list(csv.DictReader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    for column, place in (("purpose", 3), ("category", 4), ("occasion", 5)):
        assert not {row[column] for row in given} & {line["cells"][place] for line in lines} - {None, ""}, column


if TYPE_CHECKING:
    from uuid import UUID
COUNTER = system_actor("trends.count")
WEDNESDAY = datetime(2026, 10, 7, 12, tzinfo=UTC)
THIS_WEEK, LAST_WEEK = date(2026, 10, 5), date(2026, 9, 28)


def answer(cast: Cast, person: Subject, state: ConsentState, at: datetime) -> None:
    by: dict[str, Any] = {"actor": cast.actor("farah"), "at": at}
    record_answers(person, answers=[Answer("newsletter", state)], shown=shown(person.client_id, at), **by)


def happen(cast: Cast) -> None:
    client_id = cast.client_id("indus")
    with in_client(client_id):
        client = Client.objects.get(pk=client_id)
        people = [SubjectFactory(client=client, external_id=f"t-{number}", role="instructor") for number in range(3)]
        for person in people:
            answer(cast, person, ConsentState.GIVEN, WEDNESDAY - WEEK)
        answer(cast, people[0], ConsentState.WITHDRAWN, WEDNESDAY)
        for number, days in enumerate((29, 31)):
            at = WEDNESDAY - timedelta(days=days)
            request = received(cast, "question", subject=None, channel="form", at=at, details=f"Question {number}")
            RightsRequest.objects.filter(pk=request.pk).update(answered_at=WEDNESDAY, delivered_at=WEDNESDAY)
        given: dict[str, Any] = {"category": "usage_logs", "occasion": "assessment", "purpose": "support"}
        for days in (0, 400):
            collected = CollectionReport(**given, collected_at=WEDNESDAY - timedelta(days=days))
            report_collection(people[days > 0], collected, actor=cast.key_actor("indus"), at=WEDNESDAY)
        assert count_weeks(client, actor=COUNTER, at=WEDNESDAY)


def numbers(measure: Measure) -> dict[tuple[date, str], int]:
    found = WeeklyCount.objects.filter(measure=measure, number__gt=0)
    return {(row.week, row.code): row.number for row in found}


def test_the_worker_counts_each_week_once_and_the_current_one_again(cast: Cast) -> None:
    happen(cast)
    with in_client(cast.client_id("indus")):
        client = Client.objects.get(pk=cast.client_id("indus"))
        assert numbers(Measure.CONSENTS) == {(LAST_WEEK, "given"): 3, (THIS_WEEK, "withdrawn"): 1}
        assert numbers(Measure.ANSWERS) == {(THIS_WEEK, "in_time"): 1, (THIS_WEEK, "late"): 1}
        assert sum(numbers(Measure.DECISIONS).values()) == 2
        assert numbers(Measure.HOLDINGS) == {(THIS_WEEK, "0"): 1, (THIS_WEEK, "1"): 1}
        assert not count_weeks(client, actor=COUNTER, at=WEDNESDAY + timedelta(hours=5))
        person = Subject.objects.get(external_id="t-1")
        later = WEDNESDAY + timedelta(hours=7)
        answer(cast, person, ConsentState.WITHDRAWN, later)
        with CaptureQueriesContext(connection) as queries:
            assert count_weeks(client, actor=COUNTER, at=later)
        assert numbers(Measure.CONSENTS) == {(LAST_WEEK, "given"): 3, (THIS_WEEK, "withdrawn"): 2}
        assert len(queries) <= 9
    assert not cast.has(WeeklyCount, "khyber")


def test_officers_read_one_client_or_the_sum_of_all_but_sandboxes(cast: Cast) -> None:
    sandbox = Sandbox().id
    for client_id, number in ((cast.client_id("indus"), 2), (cast.client_id("khyber"), 4), (sandbox, 3)):
        with in_client(client_id):
            values: dict[str, Any] = {"measure": Measure.CONSENTS, "code": "given", "number": number}
            WeeklyCount.objects.create(client_id=client_id, week=THIS_WEEK, counted_at=WEDNESDAY, **values)
    with as_officer():
        chosen: tuple[tuple[UUID | None, int], ...] = ((None, 6), (cast.client_id("khyber"), 4), (sandbox, 3))
        for one, last in chosen:
            with CaptureQueriesContext(connection) as queries:
                trends = get_trends(cast.actor("amina"), one, today=WEDNESDAY.date())
            assert trends.series(Measure.CONSENTS)[0] == [0] * 11 + [last]
            assert len(queries) == 2


def test_the_page_draws_and_describes_each_trend_in_a_fixed_number_of_queries(
    cast: Cast, time_machine: TimeMachineFixture
) -> None:
    happen(cast)
    time_machine.move_to(WEDNESDAY + timedelta(minutes=1), tick=False)
    farah = browser_of(cast.user("farah"))
    farah.get("/admin/trends/")
    with CaptureQueriesContext(connection) as queries:
        page = farah.get("/admin/trends/").content.decode()
    assert len(queries) <= 25, "of which every page of the console runs fifteen or more"
    assert refused_by_policy(page) == []
    found = re.findall(r'<svg class="trend" role="img" aria-labelledby="\S+ \S+"[^>]*>(.*?)</svg>', page, re.DOTALL)
    parts = r"<title[^>]*>(.*?)</title>\s*<desc[^>]*>(.*?)</desc>"
    words = [re.findall(parts, one, re.DOTALL)[0] for one in found]
    drawn = [{"title": t, "desc": d, "columns": one.count("<rect")} for (t, d), one in zip(words, found, strict=True)]
    assert len(drawn) == 4
    consents = drawn[0]
    assert "Given: 3 in twelve weeks" in consents["desc"]
    assert "Withdrawn: 1 in twelve weeks, 0 in the first and 1 in the last week" in consents["desc"]
    assert consents["columns"] == 2
    assert all(picture["title"].strip() and picture["desc"].strip() for picture in drawn)
    assert len(re.findall(r"<table", page)) == 4
    assert '<a href="/admin/trends/" aria-current="page">Trends</a>' in page
    assert '<a href="/admin/trends/">Trends</a>' in farah.get("/admin/").content.decode()


def test_who_may_not_read_the_ledger_has_no_trends(cast: Cast) -> None:
    sana, celia = browser_of(cast.user("sana")), browser_of(cast.user("celia"))
    assert sana.get("/admin/trends/").status_code == 403
    assert "/admin/trends/" not in sana.get("/admin/").content.decode()
    url = f"/admin/trends/?client__id__exact={cast.client_id('indus')}"
    page = celia.get(url)
    assert page.status_code == 200
    assert page.context["chosen"] == cast.client_id("khyber"), "another client's id changes nothing"


def test_columns_stay_inside_the_picture_and_a_zero_has_none() -> None:
    columns = draw_columns([list(range(12)), [3] * 12, [1_000_000, *[0] * 11]])
    assert len(columns) == 11 + 12 + 1
    for column in columns:
        assert 0 <= column.y < column.y + column.height <= HEIGHT
    assert draw_columns([[0] * 12]) == []

"""Trends: weeks counted by the worker, and the page that draws them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.office.reports.models import Measure, WeeklyCount
from paktaleem.office.reports.trends import HEIGHT, count_weeks, draw_columns, get_trends
from retention.holdings.services.holdings import CollectionReport, report_collection
from rights.requests.models import RightsRequest
from tests.cast import Cast
from tests.consent.making import shown
from tests.console.pages import refused_by_policy
from tests.factories import SubjectFactory
from tests.rights.cases import received
from tests.sandbox.making import Sandbox
from tests.signing_in import browser_of

if TYPE_CHECKING:
    from uuid import UUID

COUNTER = system_actor("trends.count")
WEDNESDAY = datetime(2026, 10, 7, 12, tzinfo=UTC)
WEEK = timedelta(weeks=1)
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
    with in_client(cast.client_id("khyber")):
        assert not WeeklyCount.objects.exists()


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


def pictures(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'<svg class="trend" role="img" aria-labelledby="\S+ \S+"[^>]*>(.*?)</svg>', page, re.DOTALL)
    parts = r"<title[^>]*>(.*?)</title>\s*<desc[^>]*>(.*?)</desc>"
    words = [re.findall(parts, one, re.DOTALL)[0] for one in found]
    return [{"title": t, "desc": d, "columns": one.count("<rect")} for (t, d), one in zip(words, found, strict=True)]


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
    drawn = pictures(page)
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

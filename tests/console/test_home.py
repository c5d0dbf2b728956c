"""The start page counts rows with severity, due dates and links; long acts show how far they are."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django import app

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.console import long_acts as long_acts_module
from paktaleem.foundation.console.home_pages import Card, Task, count_lines, sort_by_urgency
from paktaleem.foundation.console.long_acts import LISTED_FOR, long_acts
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.upkeep.runs.models import Run
from paktaleem.foundation.upkeep.runs.services import advance_run, begin_run, end_run, restart_run
from retention.schedule.models import HoldKind
from retention.schedule.services import HoldScope, place_hold
from tests.console.pages import row_url
from tests.factories import SETTING_UP
from tests.project.offenders import refuse_any
from tests.rights.cases import received
from tests.signing_in import browser_of

PAGE = "/admin/work/"
NOW = datetime(2027, 6, 10, 9, 0, tzinfo=UTC)
ONE_PERSON, ONE_CASE, STAFF = "one person", "one case", "one email to each of a few members of staff"
SHORT = {
    "agreements.notify_of_duties": STAFF,
    "children.ask_check": ONE_PERSON,
    "children.begin_check": ONE_PERSON,
    "consent.follow_announcements": "one row and a few emails for each client",
    "consent.issue_limit_orders": ONE_PERSON,
    "access_links.send_codes": ONE_PERSON,
    "erasures.continue": ONE_PERSON,
    "erasures.notify": STAFF,
    "mail.deliver": "one message",
    "mail.email_staff": STAFF,
    "rights.build_package": "one person; the page of the request shows it",
    "rights.match_sender": ONE_CASE,
    "rights.notify_staff": STAFF,
    "security_events.alert": STAFF,
    "signin.notify_break_glass": STAFF,
    "signin.send_password_link": STAFF,
    "signin.send_staff_link": STAFF,
    "signin.tell_owner": STAFF,
    "subjects.complete_erasure": ONE_PERSON,
}


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_an_import_is_one_line_with_its_number(name, sign_in, cast):
    client_id, at = cast.client_id("indus"), timezone.now()
    with in_client(client_id):
        for _ in range(30):
            record_entry("subject.registered", client_id=client_id, facts={}, actor=cast.actor("farah"), at=at)
        record_entry("api_key.issued", client_id=client_id, facts={}, actor=cast.actor("farah"), at=at)
        record_entry("letter.sent", client_id=client_id, facts={}, actor=SETTING_UP, at=at)
    page = sign_in(name).get("/admin/").content.decode()
    rows = re.findall(r"<tr>\s*<td class=\"when\">(.*?)</tr>", page, re.DOTALL)
    lines = [re.sub(r"<[^>]+>|&nbsp;", " ", row) for row in rows]
    assert len([line for line in lines if "registered" in line and "× 30" in line]) == 1
    assert [line for line in lines if "issued" in line and "×" not in line]
    assert not [line for line in lines if "letter.sent" in line], "an act of the system"
    assert "/admin/audit/entry/?act=subject" in page
    assert len(lines) <= 8


def test_the_console_speaks_urdu_to_whom_chose_it(sign_in, cast):
    browser = sign_in("amina")
    assert browser.get("/admin/?lang=ur").status_code == 302
    page = browser.get("/admin/people/subject/").content.decode()
    assert '<html lang="ur" dir="rtl"' in page
    for words in ("متعلقہ اشخاص", "طالب علم", "برآمد کریں", "باہر نکلیں", "درج ہوتی ہے", "رجسٹر ہوا"):
        assert words in page
    assert ">Kept<" not in page
    assert "lang=en" in page
    assert '<html lang="en" dir="ltr"' in sign_in("farah").get("/admin/").content.decode()


OWN_PAGES = {
    "/set-up/": "a client's steps",
    "/to-do/": "a client with something missing",
    "/record/": "gaps of the record, on the page itself",
    "/schedule/": "categories without a rule, on the page itself",
    "/confirm/": "members of one review",
    "/change/": "one row",
}
"""Pages that are no lists: their own tests compare the number with what they show."""


def attention_of(name, cast):
    browser = browser_of(cast.user(name))
    return browser, list(browser.get("/admin/").context["attention"])


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_each_number_of_the_first_page_is_that_of_the_rows_behind_its_link(name, rows, cast_of_rows):
    browser, cards = attention_of(name, cast_of_rows)
    others = browser.get("/admin/").context["cards"]
    lists = [card for card in [*cards, *others] if not any(page in card.url for page in OWN_PAGES)]
    assert len(lists) >= 15, [card.title for card in lists]

    def compare(card):
        shown = browser.get(card.url).context["cl"].result_count
        return "" if card.value == f"{shown:,}" else f"says {card.value}, but {card.url} shows {shown} rows"

    refuse_any((card.title, compare(card)) for card in lists)


def test_the_worst_comes_first_and_its_severity_is_a_word(rows, cast_of_rows):
    browser, cards = attention_of("amina", cast_of_rows)
    severities = [card.severity for card in cards]
    assert severities == sorted(severities, reverse=True)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", browser.get("/admin/").content.decode()))
    for card in cards:
        assert f"{card.severity.label} {card.value} {card.title}" in page
    assert any(card.due_at for card in cards)
    assert any(card.waits_since for card in cards)


def test_lines_are_sorted_by_severity_then_by_the_day_they_are_due():
    at = datetime(2026, 9, 1, 8, tzinfo=timezone.get_fixed_timezone(0))
    wanted = [
        Card("overdue", "1", severity=Severity.OVERDUE, due_at=at),
        Card("urgent, due that day", "1", severity=Severity.URGENT, due_at=date(2026, 9, 1)),
        Card("urgent, due at eight", "1", severity=Severity.URGENT, due_at=at),
        Card("urgent, due later", "1", severity=Severity.URGENT, due_at=at + timedelta(days=2)),
        Card("waits longest", "1", severity=Severity.TO_DO, waits_since=at),
        Card("waits", "1", severity=Severity.TO_DO, waits_since=at + timedelta(hours=1)),
        Card("without a time", "1", severity=Severity.TO_DO),
    ]
    assert sort_by_urgency(reversed(wanted)) == wanted


def test_a_support_agent_takes_in_requests_and_sees_no_figures(rows, cast_of_rows):
    browser, cards = attention_of("sana", cast_of_rows)
    page = browser.get("/admin/")
    assert (cards, page.context["cards"], page.context["latest"], page.context["home_tabs"]) == ([], [], [], [])
    links = [url for _label, url in page.context["home_links"]]
    assert links == ["/admin/people/subject/find/", "/admin/desk/requesttask/take-in/"]
    for url in links:
        assert browser.get(url).status_code == 200
    auditor = browser_of(cast_of_rows.user("bilal")).get("/admin/")
    assert [tab.label for tab in auditor.context["home_tabs"]] == [
        "Today",
        "Work in progress",
        "Record of processing",
        "Samples",
        "Trends",
        "Law profiles",
    ]
    assert "/admin/desk/requesttask/take-in/" not in auditor.content.decode()


def test_an_empty_task_has_no_line_and_hides_no_other(cast):
    with as_officer():
        people = Subject.objects.all()
        tasks = [Task("none", people.none(), "", ""), Task("people", people, "", "", since="registered_at")]
        [card] = count_lines([*tasks, Task("nobody", people.filter(pk__in=[]), "", "", due="registered_at")])
        number = people.count()
    assert (card.title, card.value) == ("people", str(number))
    assert card.waits_since is not None


def test_more_rows_cost_the_first_page_no_more_queries(cast):
    farah = browser_of(cast.user("farah"))
    counts = []
    for number in (1, 4):
        with in_client(cast.client_id("indus")):
            for _ in range(number):
                received(cast, "access", subject=None, channel="form", details=f"Question {number}")
        farah.get("/admin/")
        with CaptureQueriesContext(connection) as queries:
            page = farah.get("/admin/")
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
    assert [card.value for card in page.context["attention"] if card.title == "Rights requests"] == ["5"]


@pytest.mark.parametrize(("language", "words"), [("en", ("Complaint", "Legal hold")), ("ur", ("شکایت", "قانونی روک"))])
def test_the_summary_names_the_holds_in_force(sign_in, cast, language, words):
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        for kind in (HoldKind.COMPLAINT, HoldKind.LEGAL):
            about: dict[str, Any] = {"kind": kind, "ground": "Case 12.", "review_on": (at + timedelta(days=30)).date()}
            scope = HoldScope(subject=cast.subject("junaid"))
            place_hold(cast.client("indus"), scope=scope, actor=cast.actor("farah"), at=at, **about)
    browser = sign_in("farah")
    browser.get("/admin/", {"lang": language})
    page = browser.get(row_url("people/subject", cast.subject_id("junaid"))).content.decode()
    summary = page[page.index('class="summary"') :]
    assert [each for each in words if each not in summary[: summary.index("</dl>")]] == []


"""Tasks without a page of progress, with what each touches. One that can touch more than about 500 rows needs one."""


def test_every_task_that_is_not_periodic_shows_its_progress_or_touches_few_rows():
    periodic = {one.task.name for one in app.periodic_registry.periodic_tasks.values()}
    tasks = {name for name in app.tasks if "procrastinate." not in name} - periodic
    shown = {name for act in long_acts for name in act.tasks}
    assert tasks - shown == set(SHORT), "declare a LongAct (decision 115), or say here why it touches few rows"
    assert not shown & set(SHORT)


def state_of(browser, url):
    page = browser.get(url).content.decode()
    texts = [" ".join(one.split()) for one in re.findall(r'<p role="status">(.*?)</p>', page, re.DOTALL)]
    return [*texts, *(["refreshes"] if "progress.js" in page else [])]


def test_a_run_is_found_again_and_shows_how_far_it_is(cast, sign_in, time_machine):
    time_machine.move_to(NOW, tick=False)
    farah, celia, bilal = (sign_in(name) for name in ("farah", "celia", "bilal"))
    client_id = cast.client_id("indus")
    with in_client(client_id):
        run = begin_run("subjects.recompute_ages", client_id=client_id, total=4, actor=cast.actor("farah"), at=NOW)
        advance_run(run.pk, client_id=client_id, done=1)
    assert state_of(farah, PAGE) == ["1 of 4 done.", "refreshes"]
    assert 'href="/admin/work/"' in farah.get("/admin/").content.decode()
    assert (state_of(bilal, PAGE), state_of(celia, PAGE)) == (["1 of 4 done.", "refreshes"], [])
    with in_client(client_id):
        end_run(run.pk, client_id=client_id, at=NOW)
    assert len(state_of(farah, PAGE)) == 1, "ended, and no longer refreshed"
    time_machine.move_to(NOW + LISTED_FOR + timedelta(minutes=1), tick=False)
    assert state_of(sign_in("farah"), PAGE) == []


def test_a_task_that_runs_again_counts_its_run_from_the_start(cast, sign_in):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        about: dict[str, Any] = {"client_id": client_id, "total": 9, "actor": SETTING_UP}
        killed = restart_run("subjects.recompute_ages", **about, at=NOW - timedelta(days=365))
        Run.objects.update(done=7)
    recompute_ages_of_client(str(client_id))
    with in_client(client_id):
        [run] = Run.objects.all()
        assert (run.pk, run.done, run.total) == (killed.pk, 5, 5)
        assert run.ended_at is not None
    assert "System" in sign_in("farah").get(PAGE).content.decode()


def test_the_page_says_that_only_some_acts_of_one_kind_are_shown(cast, sign_in, monkeypatch):
    monkeypatch.setattr(long_acts_module, "_MOST", 1)
    about: dict[str, Any] = {"client_id": cast.client_id("indus"), "total": 9, "actor": SETTING_UP}
    for is_said in (False, True):
        with in_client(cast.client_id("indus")):
            begin_run("subjects.recompute_ages", **about, at=timezone.now())
        assert ("Only 1 acts of one kind are shown." in sign_in("farah").get(PAGE).content.decode()) == is_said

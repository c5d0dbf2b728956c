"""Long acts run in the worker and show how far they are: every task, the page of a row, and the list that finds it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from procrastinate.contrib.django import app

from paktaleem.directory.people.tasks import recompute_ages_of_client
from paktaleem.foundation.console import long_acts as long_acts_module
from paktaleem.foundation.console.long_acts import LISTED_FOR, long_acts
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.runs.models import Run
from paktaleem.foundation.upkeep.runs.services import advance_run, begin_run, end_run, restart_run
from tests.factories import SETTING_UP

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

"""The page of a large roster shows how many people and relations are read, while the worker checks and imports it."""

from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connections

from paktaleem.directory.schools.rosters.importing import service, uploads
from paktaleem.directory.schools.rosters.importing.uploads import confirm_import, upload_roster
from paktaleem.directory.schools.rosters.models import RosterImport
from paktaleem.directory.schools.rosters.tasks import run_roster_step_job
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.runs.services import find_step, report_step
from tests.cast import Cast
from tests.console.pages import row_url
from tests.console.test_work_in_progress import PAGE, state_of
from tests.rosters import clean_network
from tests.signing_in import browser_of


def test_what_is_read_is_seen_before_the_step_commits(
    committed: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.ROSTER_AT_ONCE_LIMIT = 10
    monkeypatch.setattr(service, "CHUNK", 1)
    farah, browser, client_id = (
        committed.actor("farah"),
        browser_of(committed.user("farah")),
        committed.client_id("indus"),
    )
    content = clean_network().write(tmp_path / "roster.zip").read_bytes()
    with in_client(client_id):
        row = upload_roster(
            content, client=committed.client("indus"), everybody=False, actor=farah, at=wall_clock_now()
        )
    url, seen = row_url("subjects/rosterimport", row.pk), list[Any]()

    def look() -> None:
        seen.append((state_of(browser, url), state_of(browser, PAGE)))
        connections.close_all()

    def report_and_look(*given: Any, **counts: Any) -> None:
        report_step(*given, **counts)
        outside = Thread(target=look)  # another connection, which sees what is committed
        outside.start()
        outside.join()

    monkeypatch.setattr(uploads, "report_step", report_and_look)
    assert "not known yet" in state_of(browser, url)[0]
    for expected in ("ready", "done"):
        seen.clear()
        run_roster_step_job(str(client_id), str(row.pk))
        total = len(seen) - 1  # a first look at nothing, then one for each person or relation
        assert total > 2
        assert seen == [([f"{done} of {total} done.", "refreshes"],) * 2 for done in range(total + 1)]
        with in_client(client_id):
            row = RosterImport.objects.get(pk=row.pk)
            assert (row.state, find_step(row.pk)) == (expected, None)
            if expected == "ready":
                row = confirm_import(row, actor=farah, at=wall_clock_now())

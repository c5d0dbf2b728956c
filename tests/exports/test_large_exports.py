"""A large export is written by the worker: its page, its rows, the person who may have it, its end and its records."""

import csv
import io
import json
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from psycopg.sql import SQL, Identifier
from time_machine import TimeMachineFixture

from paktaleem.directory.files.exports.models import ExportChunk, ExportState, ListExport, StopReason
from paktaleem.directory.files.exports.rows import read_rows, repeat_request
from paktaleem.directory.files.exports.services import begin_attempt, fetch_export, find_requester, store_parts
from paktaleem.directory.files.exports.tasks import end_exports, write_export
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, user_actor
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.console.exporting import AT_ONCE, ExportableAdmin
from paktaleem.foundation.console.site import site
from paktaleem.foundation.operations.jobs.tasks import MAX_ATTEMPTS
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import STAFF, Cast
from tests.console.pages import row_url
from tests.console.test_exports import PEOPLE, PLANTED, plant, rows_in
from tests.console.test_work_in_progress import PAGE as WORK
from tests.console.test_work_in_progress import state_of
from tests.exports.ordering import PAGE, fetch, ordered, reread, written
from tests.factories import CAST_AT, make_staff
from tests.school_limits.limiting import make_head, make_school, set_limit
from tests.signing_in import SignIn, browser_of


def facts(client_id: Any, kind: str) -> list[tuple[Any, dict[str, Any]]]:
    with in_client(client_id):
        rows = list(Entry.objects.filter(kind=kind).order_by("recorded_at", "id"))
    return [(row.actor_id, json.loads(row.body)["facts"]) for row in rows]


def ids_in(response: Any, kind: str = "csv") -> set[str]:
    rows = rows_in(response, kind)
    return {row[rows[0].index("id")] for row in rows[1:]}


def people_of(cast: Cast, code: str, **filters: Any) -> set[str]:
    with in_client(cast.client_id(code)):
        own = Subject.objects.filter(client_id=cast.client_id(code), **filters)
        return set(map(str, own.values_list("pk", flat=True)))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_long_list_is_written_in_the_background_found_again_and_downloaded(
    kind: str, sign_in: SignIn, cast: Cast
) -> None:
    farah, client_id = sign_in("farah"), cast.client_id("indus")
    plant(cast, [*PLANTED, *(f"lms-many-{number}" for number in range(AT_ONCE))])
    assert "in the background" in farah.get(PEOPLE).content.decode()
    led = farah.post(f"{PEOPLE}?role__exact=student&q=", {"format": kind, "reason": "review"})
    with in_client(client_id):
        row = ListExport.objects.get()
    assert led["Location"] == f"{PAGE}{row.pk}/change/"
    begun = [f"0 of {row.total} done.", "refreshes"]
    assert state_of(farah, WORK) == state_of(farah, led["Location"]) == begun
    assert "/fetch/" not in farah.get(led["Location"]).content.decode()
    assert fetch(farah, row).status_code in {302, 404}, "there is no file yet"
    row = written(row)
    expected = people_of(cast, "indus", role="student")
    assert (row.state, row.done, row.total) == (ExportState.READY, len(expected), len(expected))
    page = farah.get(led["Location"]).content.decode()
    assert len(state_of(farah, led["Location"])) == 1, "ended, and no longer refreshed"
    assert "Data subjects" in page
    response = fetch(farah, row)
    rows = rows_in(response, kind)
    assert {line[0] for line in rows[1:]} == expected
    assert not [one for line in rows for one in line if one.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert int(response["Content-Length"]) == row.size
    assert reread(row).downloads == 1
    about = {"list": "subjects.subject", "format": kind, "reason": "review", "export": str(row.pk)}
    for act in ("list.export_requested", "list.exported"):
        [(who, said)] = facts(client_id, act)
        assert (who, said) == (
            cast.user_id("farah"),
            {**about, "filters": {"role__exact": "student", "q": "…"}, "rows": len(expected)},
        )
    [(who, said)] = facts(client_id, "list.export_fetched")
    assert (who, said["reason"], said["rows"]) == (cast.user_id("farah"), "review", len(expected))


def test_at_rest_there_is_neither_a_row_nor_what_was_typed(cast: Cast) -> None:
    row = written(ordered(cast, cast.actor("farah"), q="lms-dan"))
    with in_client(row.client_id):
        stored = b"".join(bytes(one.sealed.ciphertext) for one in ExportChunk.objects.all())
        stored += bytes(row.query.ciphertext) + repr(row.facts).encode()
    assert row.done == 1
    assert len(stored) > 0
    assert b"lms-dan" not in stored
    assert str(cast.subject_id("danish")).encode() not in stored


def test_only_the_person_who_requested_it_sees_it(sign_in: SignIn, cast: Cast) -> None:
    mine, across = ordered(cast, cast.actor("farah")), ordered(cast, cast.actor("amina"))
    mine, across = written(mine), written(across)
    browsers = {name: sign_in(name) for name in STAFF}
    for row, owner in ((mine, "farah"), (across, "amina")):
        for name, browser in browsers.items():
            opened = browser.get(f"{PAGE}{row.pk}/change/").status_code == 200
            taken = fetch(browser, row)
            size = len(taken.getvalue())
            listed = str(row.pk) in browser.get(PAGE).content.decode() + browser.get(WORK).content.decode()
            has_file = taken.status_code == 200 and size == row.size
            assert (opened, has_file, listed) == ((name == owner,) * 3), (name, owner)
    assert reread(mine).downloads == reread(across).downloads == 1


def test_the_service_gives_a_file_to_no_one_else(cast: Cast) -> None:
    row = written(ordered(cast, cast.actor("farah")))
    by: dict[str, Any] = {"reason": "review", "at": wall_clock_now()}
    other = user_actor(
        make_staff("nadia@indus.example", ("client_admin", row.client_id)).pk, "client_admin", row.client_id
    )
    for actor in (other, cast.actor("amina"), cast.actor("celia")):
        with in_client(row.client_id), pytest.raises(NotAllowed):
            fetch_export(row, actor=actor, **by)
    with in_client(row.client_id):
        assert len(b"".join(fetch_export(row, actor=cast.actor("farah"), **by))) == row.size


def test_an_officer_exports_the_rows_of_every_client_or_of_the_filtered_one(sign_in: SignIn, cast: Cast) -> None:
    amina = cast.actor("amina")
    everyone = written(ordered(cast, amina, client="paktaleem"))
    one = written(ordered(cast, amina, client="khyber", client__id__exact=str(cast.client_id("khyber"))))
    assert ids_in(fetch(sign_in("amina"), everyone)) == people_of(cast, "indus") | people_of(cast, "khyber")
    assert ids_in(fetch(sign_in("amina"), one)) == people_of(cast, "khyber")
    assert [who for who, _ in facts(PAKTALEEM, "list.exported")] == [cast.user_id("amina")]


def set_membership(cast: Cast, user_id: Any, column: str, value: Any) -> None:
    """Change a membership at Indus by SQL."""
    with in_client(cast.client_id("indus")), connection.cursor() as cursor:
        statement = SQL("UPDATE accounts_membership SET {} = %s WHERE user_id = %s").format(Identifier(column))
        cursor.execute(statement.as_string(), [value, user_id])


def end_role(cast: Cast) -> None:
    set_membership(cast, cast.user_id("farah"), "ends_at", CAST_AT + timedelta(seconds=1))


def test_who_lost_the_role_before_the_worker_came_gets_no_file(cast: Cast) -> None:
    row = ordered(cast, cast.actor("farah"))
    end_role(cast)
    row = written(row)
    assert (row.state, row.stop_reason, row.wrapped) == (ExportState.STOPPED, "access_lost", None)
    assert facts(row.client_id, "list.exported") == []
    [(_, said)] = facts(row.client_id, "list.export_stopped")
    assert said["because"] == "access_lost"


def test_who_loses_the_role_while_it_is_written_gets_no_file(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(cast, [f"lms-many-{number}" for number in range(3_000)])
    row = ordered(cast, cast.actor("farah"))
    pages: list[int] = []

    def read(*given: Any, **named: Any) -> Any:
        found = read_rows(*given, **named)
        pages.append(len(found))
        end_role(cast)
        return found

    monkeypatch.setattr("paktaleem.directory.files.exports.tasks.read_rows", read)
    row = written(row)
    assert (pages, row.state, row.stop_reason) == ([2_000], ExportState.STOPPED, "access_lost")
    with in_client(row.client_id):
        assert not ExportChunk.objects.exists()


def test_who_lost_the_role_after_it_was_written_cannot_fetch_it(sign_in: SignIn, cast: Cast) -> None:
    row = written(ordered(cast, cast.actor("farah")))
    farah = sign_in("farah")
    set_membership(cast, cast.user_id("farah"), "role", "client_auditor")
    assert fetch(farah, row).status_code in {403, 404}
    set_membership(cast, cast.user_id("farah"), "role", "client_admin")
    assert fetch(farah, row).status_code == 200


@pytest.fixture
def head(cast: Cast) -> tuple[Browser, Actor, Any]:
    """Nadia, limited to two schools: Danish is in one, Hamza in the other, and others in neither."""
    lyari = make_school(cast, "lyari", cast.subject_id("danish"))
    clifton = make_school(cast, "clifton", cast.subject_id("hamza"))
    user = make_head(cast, lyari, clifton)
    limited = user_actor(user.pk, "client_admin", cast.client_id("indus"), schools=[lyari, clifton])
    return browser_of(user), limited, lyari


def test_staff_limited_to_schools_get_the_people_of_these_schools(cast: Cast, head: Any) -> None:
    browser, actor, _ = head
    row = written(ordered(cast, actor))
    own = {str(cast.subject_id(name)) for name in ("danish", "hamza")}
    assert own <= ids_in(fetch(browser, row)) < people_of(cast, "indus")


def test_a_limit_that_was_narrowed_meanwhile_means_no_file(cast: Cast, head: Any) -> None:
    browser, actor, lyari = head
    ready, waiting = written(ordered(cast, actor)), ordered(cast, actor)
    with in_client(cast.client_id("indus")):
        set_limit(actor.id, lyari)
    assert written(waiting).stop_reason == "access_lost"
    assert fetch(browser, ready).status_code in {403, 404}
    with in_client(cast.client_id("indus")):
        set_limit(actor.id, lyari, *(actor.schools or ()))
    assert fetch(browser, ready).status_code == 200


def test_a_limit_that_was_lifted_meanwhile_shows_what_was_requested(cast: Cast, head: Any) -> None:
    _, actor, _ = head
    row = ordered(cast, actor)
    set_membership(cast, actor.id, "school_ids", None)
    written(row)
    found = ids_in(fetch(browser_of_id(actor), row))
    assert str(cast.subject_id("iqra")) not in found
    assert str(cast.subject_id("danish")) in found


def browser_of_id(actor: Actor) -> Browser:
    with in_global():
        return browser_of(User.objects.get(pk=actor.id))


def test_a_file_is_deleted_after_its_period(sign_in: SignIn, cast: Cast, time_machine: TimeMachineFixture) -> None:
    row = written(ordered(cast, cast.actor("farah")))
    assert row.expires_at == row.requested_at + timedelta(hours=24)
    time_machine.move_to(row.expires_at - timedelta(seconds=1), tick=False)
    assert end_exports(0) == 0
    assert fetch(sign_in("farah"), row).status_code == 200
    time_machine.move_to(row.expires_at, tick=False)
    refused = fetch(sign_in("farah"), row)
    assert "There is no file" in refused.content.decode()
    assert end_exports(0) == 1
    row = reread(row)
    assert (row.state, row.query, row.wrapped) == (ExportState.ENDED, None, None)
    with in_client(row.client_id):
        assert not ExportChunk.objects.exists()
    assert end_exports(0) == 0


def test_a_second_job_begins_anew_and_the_first_one_writes_no_more(sign_in: SignIn, cast: Cast) -> None:
    row = ordered(cast, cast.actor("farah"))
    with in_client(row.client_id):
        first = begin_attempt(row.pk, client_id=row.client_id)
        assert first is not None
        assert store_parts(first, [(0, b"half a file")], done=3)
        second = begin_attempt(row.pk, client_id=row.client_id)
        assert (second is not None, ExportChunk.objects.count()) == (True, 0)
        assert not store_parts(first, [(1, b"the rest of the half")], done=4)
    row = written(row)
    assert ids_in(fetch(sign_in("farah"), row)) == people_of(cast, "indus")
    write_export(str(row.client_id), str(row.pk))
    assert reread(row).attempts == row.attempts, "a job of a written export does nothing"


def test_an_export_whose_workers_all_crash_is_said_to_have_no_file(cast: Cast, sign_in: SignIn) -> None:
    row = ordered(cast, cast.actor("farah"))
    with in_client(row.client_id):
        for _ in range(MAX_ATTEMPTS - 1):
            begin_attempt(row.pk, client_id=row.client_id)
    write_export(str(row.client_id), str(row.pk))
    again = reread(row)
    assert (again.state, again.stop_reason) == (ExportState.STOPPED, StopReason.DEFECT)
    page = sign_in("farah").get(row_url("exports/listexport", row.pk)).content.decode()
    assert "Stopped: a technical fault. Export the list again." in page
    assert f"{again.expires_at:%Y-%m-%d}" not in page, "no file waits until then"


def test_a_fault_ends_clean(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ordered(cast, cast.actor("farah"))

    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("paktaleem.directory.files.exports.tasks.read_rows", fail)
    with pytest.raises(ZeroDivisionError):
        written(row)
    row = reread(row)
    assert (row.state, row.stop_reason, row.wrapped) == (ExportState.STOPPED, "defect", None)


def test_the_worker_reads_every_list_as_the_page_showed_it(cast_of_rows: Cast, rows: Any) -> None:
    del rows  # a row of each model
    cast = cast_of_rows
    for name in ("amina", "farah"):
        row, browser = ordered(cast, cast.actor(name)), browser_of(cast.user(name))
        for owner in [one for one in site._registry.values() if isinstance(one, ExportableAdmin)]:
            actor = find_requester(row, at=wall_clock_now())
            assert actor == cast.actor(name)
            row.list = owner.opts.label_lower
            request = repeat_request(row, actor)
            if owner.has_export_permission(request):
                found = read_rows(row, request, after=None)
                shown = csv_of(browser, owner)
                assert [str(line[0]) for line in found] == [line[0] for line in shown], owner.opts.label_lower


def csv_of(browser: Browser, owner: Any) -> list[list[str]]:
    url = f"/admin/{owner.opts.app_label}/{owner.opts.model_name}/export/"
    content = browser.post(url, {"format": "csv", "reason": "review"}).getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))[1:]


def test_many_rows_need_no_more_memory_than_few(cast: Cast) -> None:
    farah = cast.actor("farah")
    plant(cast, [f"lms-few-{number}" for number in range(4_000)])
    written(ordered(cast, farah, kind="xlsx"))  # load modules and caches first
    few = weighed(ordered(cast, farah, kind="xlsx"))
    plant(cast, [f"lms-many-{number}" for number in range(12_000)])
    assert weighed(ordered(cast, farah, kind="xlsx")) < few + 1_500_000


def weighed(row: ListExport) -> int:
    tracemalloc.start()
    row = written(row)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert row.state == ExportState.READY
    return peak

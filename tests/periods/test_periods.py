"""The portal's own data: every table is disposed of or says why not, and two people change a period."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.utils import timezone

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import is_erased
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.operations import find_table_policy, list_table_policies
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.foundation.tenancy.tables import Personal
from paktaleem.foundation.tenancy.third_party import THIRD_PARTY_TABLES
from paktaleem.foundation.upkeep.periods.kinds import Bounds, get_kind, list_kinds
from paktaleem.foundation.upkeep.periods.models import DisposalRun, PortalPeriod
from paktaleem.foundation.upkeep.periods.services import (
    check_disposals,
    get_cutoff,
    get_length,
    list_kind_lines,
    list_published_periods,
    record_run,
    request_period_change,
)
from paktaleem.foundation.upkeep.periods.tasks import dispose_of, dispose_of_old_data
from tests.accounts.officers import second_officer
from tests.cast import Cast
from tests.factories import SETTING_UP
from tests.keeping import dispose, set_period
from tests.project.offenders import refuse_any
from tests.signing_in import browser_of

AT = timezone.now().replace(microsecond=0) + timedelta(days=30)
ABOUT_PEOPLE = {Personal.PSEUDONYM, Personal.SEALED, Personal.STAFF}


def policies() -> list[tuple[str, Any]]:
    """List the declarations of the tables that hold something about people; histories follow their table."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        wall = find_table_policy(model) or THIRD_PARTY_TABLES.get(model._meta.db_table)
        if wall and not hasattr(model, "instance_type") and ABOUT_PEOPLE & set(wall.personal.values()):
            found.append((model._meta.label, wall))
    return found


def test_every_table_about_people_is_either_disposed_of_or_says_why_not() -> None:
    refuse_any((label, wall.disposed_as if wall.kept_for_good else "") for label, wall in policies())
    codes = {kind.code for kind in list_kinds()}
    refuse_any(
        (
            (label, "" if wall.kept_for_good or wall.disposed_as in codes else f"kind “{wall.disposed_as}”, no reason")
            for label, wall in policies()
        ),
        advice="name a kind of data in wall.disposed_as, or a reason in wall.kept_for_good:",
    )


def test_every_kind_is_declared_once_and_disposed_of_by_the_one_task() -> None:
    kinds = list_kinds()
    assert len({kind.code for kind in kinds}) == len(kinds)
    emptied = {wall.disposed_as for wall in list_table_policies().values() if wall.disposed_from}
    refuse_any(
        (kind.code, "" if not kind.is_counted or kind.purge or kind.purge_all or kind.code in emptied else "no way")
        for kind in kinds
    )


def test_no_period_of_the_portals_own_data_is_a_setting() -> None:
    """Deadlines and waiting times stay settings: what ends in these words would be a period of retention."""
    ends = ("_KEPT_FOR", "_KEPT_DAYS", "_UPLOAD_LIFE", "COPY_DAYS", "PACKAGE_DAYS", "CONTACT_DAYS", "INVITATION_DAYS")
    refuse_any((name, "a period" if name.endswith((*ends, "UNMATCHED_DAYS")) else "") for name in dir(settings))


@pytest.mark.parametrize(("default", "minimum", "maximum"), [(0, 0, 5), (5, 6, 9), (5, 1, 4), (-1, -2, 3)])
def test_bounds_are_above_zero_and_in_order(default: int, minimum: int, maximum: int) -> None:
    with pytest.raises(ValueError, match="minimum"):
        Bounds(default, minimum, maximum)


def request(cast: Cast, kind: str = "packages", length: int = 20, **values: Any) -> ProposedChange:
    given = {"ground": "People asked for more time.", "actor": cast.actor("amina"), "at": AT, **values}
    with in_client(PAKTALEEM):
        return request_period_change(kind, length=length, **given)


def test_a_period_applies_once_a_second_person_approves_it(cast: Cast) -> None:
    change = request(cast)
    with in_client(cast.client_id("indus")):
        assert get_length("packages") == 14
    with in_client(PAKTALEEM):
        decide_proposed_change(change, approve=True, actor=second_officer(), at=AT)
        [version] = PortalPeriod.history.all()
        kinds = sorted(Entry.objects.filter(kind__startswith="period.").values_list("kind", flat=True))
    assert (version.length, version.actor_id) == (20, second_officer().id)
    assert kinds == ["period.change_requested", "period.change_settled"]
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            assert get_cutoff("packages", at=AT) == AT - timedelta(days=20)


def test_a_later_request_replaces_a_pending_one_and_a_declined_one_changes_nothing(cast: Cast) -> None:
    request(cast)
    change = request(cast, length=30)
    with in_client(PAKTALEEM):
        assert sorted(ProposedChange.objects.values_list("values__length", "state")) == [
            (20, "replaced"),
            (30, "waiting"),
        ]
        decide_proposed_change(change, approve=False, actor=cast.actor("amina"), at=AT)
        assert get_length("packages") == 14


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        *(({"length": length}, ValidationError, "from 3 to 90") for length in (0, 2, 91)),
        ({"length": 14}, ValidationError, "already"),
        ({"ground": " "}, ValidationError, "ground"),
        ({"kind": "person"}, Refused, "no period of its own"),
    ],
    ids=str,
)
def test_an_invalid_request_is_refused(cast: Cast, values: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        request(cast, **values)


@pytest.mark.parametrize("name", ["bilal", "farah"])
def test_auditors_and_client_administrators_change_nothing(cast: Cast, name: str) -> None:
    with pytest.raises(NotAllowed):
        request(cast, actor=cast.actor(name))
    change = request(cast)
    with in_client(PAKTALEEM), pytest.raises(NotAllowed):
        decide_proposed_change(change, approve=True, actor=cast.actor(name), at=AT)


def test_a_clients_context_cannot_write_a_period(cast: Cast) -> None:
    set_period("packages", 20)
    with in_client(cast.client_id("indus")), connection.cursor() as cursor:
        cursor.execute("UPDATE upkeep_portalperiod SET length = 1")
        assert cursor.rowcount == 0


def test_the_database_refuses_a_period_of_zero() -> None:
    with in_client(PAKTALEEM), pytest.raises(IntegrityError, match="above_zero"):
        PortalPeriod(client_id=PAKTALEEM, kind="packages", length=0, changed_at=AT).save_base(raw=True)


def test_runs_add_up(cast: Cast) -> None:
    with in_client(PAKTALEEM):
        record_run("packages", rows=3, at=AT)
        record_run("packages", rows=0, at=AT + timedelta(days=1))
        run = DisposalRun.objects.get()
        with pytest.raises(KeyError):
            record_run("unknown", rows=0, at=AT)
    assert (run.rows, run.rows_ever, run.ran_at) == (0, 3, AT + timedelta(days=1))
    assert run.last_rows_at == AT


def test_a_portal_that_is_not_set_up_yet_records_no_run_and_fails_no_job(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker may start before PakTaleem's own client is added: it has nothing to dispose of then."""
    missing = new_id()
    monkeypatch.setattr("paktaleem.foundation.upkeep.periods.services.PAKTALEEM", missing)
    with in_client(missing):
        record_run("packages", rows=0, at=AT)
        assert not DisposalRun.objects.filter(client_id=missing).exists()


def test_a_client_that_fails_stops_no_other_and_what_was_done_is_counted(cast: Cast) -> None:
    """Each batch commits: the next run disposes of the rest, and none is counted twice."""
    khyber, indus = cast.client_id("khyber"), cast.client_id("indus")
    left, faulty = {khyber: 3, indus: 5}, {khyber}

    def batch(client_id: Any, **_: Any) -> int:
        if client_id not in left:
            return 0
        if client_id in faulty and left[client_id] == 1:
            raise RuntimeError
        done = min(2, left[client_id])
        left[client_id] -= done
        return done

    kind = replace(get_kind("packages"), due=None, purge=batch)
    with pytest.raises(ExceptionGroup) as raised:
        dispose_of(kind)
    assert [type(error) for error in raised.value.exceptions] == [RuntimeError]
    assert left == {khyber: 1, indus: 0}
    faulty.clear()
    assert dispose_of(kind) == 1
    with in_client(PAKTALEEM):
        run = DisposalRun.objects.get()
    assert (run.rows, run.rows_ever) == (1, 8)


def test_the_task_runs_every_disposal_that_the_doctor_expects(cast: Cast) -> None:
    dispose_of_old_data(timestamp=0)
    [line] = check_disposals()
    assert (line.state, line.seen) == ("ok", "all ran within a day")


def test_the_table_shows_what_is_due_and_when_it_ran(cast: Cast) -> None:
    with in_client(PAKTALEEM):
        record_run("system_copies", rows=3, at=AT)
    with as_officer():
        lines = {line.kind.code: line for line in list_kind_lines(cast.actor("bilal"), at=AT)}
        with pytest.raises(NotAllowed):
            list_kind_lines(cast.actor("farah"), at=AT)
    copies = lines["system_copies"]
    assert copies.run is not None
    assert (copies.length, copies.due, copies.run.rows, copies.has_more_due) == (60, 0, 3, False)
    assert lines["person"].length is None
    with in_client(cast.client_id("indus")):
        assert {line.kind.code for line in list_published_periods()} == set(lines)


def test_evidence_loses_its_last_link_to_a_person_erased_long_ago(cast: Cast) -> None:
    client_id, long_ago = cast.client_id("indus"), timezone.now() - timedelta(days=3651)
    with in_client(client_id):
        danish = cast.subject("danish")
        known = str(danish.external_id)
        erase_subject(danish, actor=SETTING_UP, reason="review", at=AT)
        assert is_erased(known, client_id=client_id)
        assert "tombstone" not in {field.name for field in Subject.history.model._meta.fields}
    assert dispose("evidence") == 0
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE people_subject SET erased_at = %s WHERE id = %s", [long_ago, danish.pk])
    assert [dispose("evidence"), dispose("evidence")] == [1, 0]
    with in_client(client_id):
        assert not is_erased(known, client_id=client_id)


PAGE = "/admin/upkeep/portalperiod/"


def test_the_page_lists_every_kind_with_its_last_run(cast: Cast) -> None:
    with in_client(PAKTALEEM):
        record_run("system_copies", rows=34, at=timezone.now())
    page = unescape(browser_of(cast.user("amina")).get(PAGE).content.decode())
    assert [kind.code for kind in list_kinds() if str(kind.name) not in page] == []
    assert "34 in the last run, 34 in all" in page
    assert "add/?kind=packages" in page


@pytest.mark.parametrize(("name", "status"), [("bilal", 200), ("sana", 403), ("farah", 403), ("celia", 403)])
def test_staff_of_paktaleem_read_it_and_change_nothing(cast: Cast, name: str, status: int) -> None:
    browser = browser_of(cast.user(name))
    answer = browser.get(PAGE)
    assert answer.status_code == status
    assert b"add/?kind=" not in answer.content
    assert browser.post(f"{PAGE}add/", {"kind": "packages", "length": 20, "ground": "More time."}).status_code == 403


def test_an_officer_requests_a_period_with_its_form(cast: Cast) -> None:
    amina = browser_of(cast.user("amina"))
    assert amina.get(f"{PAGE}add/?kind=packages").context["adminform"].form.initial["kind"] == "packages"
    sent: dict[str, Any] = {"kind": "packages", "length": 0, "ground": "More time."}
    for length, error in ((0, "Ensure this value is greater than or equal to 1."), (2, "Write a number from 3 to 90.")):
        page = amina.post(f"{PAGE}add/", {**sent, "length": length})
        assert page.context["adminform"].form.errors == {"length": [error]}
    made = amina.post(f"{PAGE}add/", {**sent, "length": 20})
    assert made.status_code == 302
    with in_client(PAKTALEEM):
        change = ProposedChange.objects.get()
    assert (change.values["length"], change.state) == (20, "waiting")
    assert "<del><bdi>14 days</bdi></del> <ins><bdi>20 days</bdi></ins>" in amina.get(made["Location"]).text

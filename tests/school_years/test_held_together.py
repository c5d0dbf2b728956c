"""A school year held together, by the clock of a sandbox: roster, end of the year in the console, the new year."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from consent.consents.models import Consent
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import SchoolClass, Term
from paktaleem.directory.schools.oneroster.roster import open_roster
from paktaleem.directory.schools.rosters.importing.service import import_roster
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.school_years.services import CONTINUE
from paktaleem.office.school_years.tasks import continue_year_end
from tests.cast import Cast
from tests.factories import make_staff
from tests.rosters import RosterPackage, clean_network
from tests.sandbox.conftest import cast, sandbox
from tests.sandbox.making import Sandbox
from tests.schools.making import periods
from tests.signing_in import browser_of, prove
from tests.working import work

__all__ = ["cast", "sandbox"]  # fixtures

PLACES = {"courseSourcedId": "crs-1", "schoolSourcedId": "org-2"}
SENT = {"status": "active", "dateLastModified": "2031-06-01T08:00:00Z"}


@pytest.fixture
def bring(sandbox: Sandbox, tmp_path: Path) -> Callable[[RosterPackage], Any]:
    """Import a package into the sandbox at its own time."""

    def bring(package: RosterPackage) -> Any:
        with in_client(sandbox.id), open_roster(package.write(tmp_path / "roster.zip")) as roster:
            by: dict[str, Any] = {"actor": system_actor("import_roster"), "at": client_now()}
            return import_roster(roster, client=sandbox.client, **by)

    return bring


def year_of_2030() -> RosterPackage:
    """Danish, aged 9, and Zara, of age, in class 4-A of the year 2030-31."""
    package = clean_network()
    package.row("academicSessions.csv", "ses-1").update(title="2030-31", startDate="2030-08-01", endDate="2031-05-31")
    package.user("zara", "student", "Zara", "Aslam", email="zara@students.example")
    package.born("zara", "2002-01-05")
    package.enroll("zara")
    package.row("classes.csv", "cls-1")["grades"] = "4"
    return package


def next_year() -> RosterPackage:
    """The changes for the year 2031-32: class 5-A, with Danish in it."""
    package = clean_network()
    for file in [*package.tables]:
        package.without(file)
    rows: dict[str, dict[str, str]] = {
        "academicSessions": {
            "sourcedId": "ses-2",
            "title": "2031-32",
            "type": "schoolYear",
            "startDate": "2031-06-01",
            "endDate": "2032-05-31",
            "schoolYear": "2032",
        },
        "classes": {"sourcedId": "cls-5", "title": "5-A", "classType": "homeroom", "termSourcedIds": "ses-2", **PLACES},
        "enrollments": {
            "sourcedId": "enr-9",
            "classSourcedId": "cls-5",
            "schoolSourcedId": "org-2",
            "userSourcedId": "danish",
            "role": "student",
            "beginDate": "2031-06-01",
        },
    }
    for name, row in rows.items():
        package.tables[f"{name}.csv"] = [{**SENT, **row}]
        package.manifest[f"file.{name}"] = "delta"
    return package


def end_the_year(admin: Browser, year: Any) -> str:
    """Prepare and confirm it in the console, with the worker in between; return the page of the result."""
    act = f"/admin/schools/term/{year}/end-year/"
    assert f'href="{act}"' in admin.get("/admin/").content.decode()
    assert "Let consent end to" in admin.get(act).content.decode()
    chosen = {"leavers_by": "chosen", "place": "cls-1\r\nnowhere", "grade": "Class 04", "role": "student"}
    refused = admin.post(act, chosen).content.decode()
    assert "Not found at this client: nowhere." in refused
    answer = admin.post(act, {**chosen, "place": "cls-1", "let_go": ["newsletter"]})
    assert answer.status_code == 302, answer.content.decode()
    page = answer["Location"]
    assert "The worker is counting." in admin.get(page).content.decode()
    work({CONTINUE: continue_year_end})
    shown = admin.get(page).content.decode()
    planned = re.findall(r'<th scope="row">([^<]+)</th>\s*<td class="number">(\d+)', shown)
    assert [number for _label, number in planned[:6]] == ["1", "3", "2", "1", "0", "1"]
    assert ">zara</bdi>" in shown
    assert "More than half" not in shown
    confirm = page.replace("/change/", "/confirm/")
    assert "This is not the number" in admin.post(confirm, {"number": "2"}).content.decode()
    assert admin.post(confirm, {"number": "1"}).status_code == 302
    work({CONTINUE: continue_year_end})
    return admin.get(page).content.decode()


def test_import_end_of_the_year_leavers_and_the_new_year(
    cast: Cast, sandbox: Sandbox, bring: Callable[[RosterPackage], Any]
) -> None:
    sandbox.move(to="2030-10-01T08:00:00Z")
    bring(year_of_2030())
    assert sandbox.caller.consent("zara", "newsletter").status_code == 201
    assert sandbox.caller.reason("zara", "newsletter") == "permitted"
    sandbox.move(to="2031-06-03T08:00:00Z")
    bring(next_year())
    user = make_staff("dev@play.example", ("client_admin", sandbox.id))
    admin = browser_of(user)
    with in_client(sandbox.id):
        year = Term.objects.get(external_id="ses-1").pk
    prove(admin, user, seconds_ago=7_200)
    refused = admin.post(f"/admin/schools/term/{year}/end-year/", {"leavers_by": "none"})
    assert "reauthenticate" in refused["Location"]
    prove(admin, user)

    result = end_the_year(admin, year)
    assert ">Done<" in result
    assert sandbox.caller.reason("zara", "newsletter") == "account_closed"
    with in_client(sandbox.id):
        zara, danish = (Subject.objects.get(external_id=name) for name in ("zara", "danish"))
        assert zara.account_closed_at is not None
        assert danish.is_account_open
        assert Consent.objects.get(subject=zara).state == "expired"
        assert periods("danish") == [("cls-1", "2030-10-01", "2031-05-31"), ("cls-5", "2031-06-01", None)]
        assert list(SchoolClass.objects.filter(ended_at=None).values_list("external_id", flat=True)) == ["cls-5"]
    assert bring(next_year()).schooling["enrolments"].added == 0
    assert "End of the school year" not in admin.get("/admin/").content.decode()

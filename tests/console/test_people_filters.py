"""Filters by people on lists of rows about them: by role, and how the rows of many people are searched."""

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import Consent, Objection
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.console import paging, people_filters
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import Cast
from tests.children.guardians import guardian_of
from tests.console.pages import list_url
from tests.console.test_exports import export
from tests.factories import SETTING_UP
from tests.signing_in import browser_of

CONSENTS, OBJECTIONS = "consent/consent", "consent/objection"


def take_role(cast: Cast, name: str, *roles: str) -> None:
    """Give a person of Indus other roles besides the main one."""
    by: dict[str, Any] = {"client": cast.client("indus"), "actor": SETTING_UP, "at": timezone.now()}
    register_subject(f"lms-{name}", details={"other_roles": roles}, **by)


def object_to_improvement(cast: Cast, *names: str) -> None:
    """Add an objection of each person, each a day older than the one before it."""
    at, own = timezone.now(), {"client_id": cast.client_id("indus"), "purpose_code": "platform_improvement"}
    for place, name in enumerate(names):
        since = at - timedelta(days=place)
        row = Objection(subject=cast.subject(name), starts_at=since, ends_at=since + timedelta(hours=1), **own)
        save_tracked(row, actor=SETTING_UP, reason="review", at=at)


@pytest.fixture
def rows(cast: Cast) -> None:
    """A consent and an objection of Junaid (instructor, also guardian) and Hamza (student); a guardian of Danish."""
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        take_role(cast, "junaid", "guardian")
        guardian_of(cast.subject("danish"), cast.subject("esra"), at=at)
        invite_guardians_of([cast.subject("danish")], portal="https://x", actor=cast.actor("farah"), at=at)
        object_to_improvement(cast, "junaid", "hamza")
    for name in ("lms-hamza", "lms-junaid"):
        assert Caller(cast.key("indus")).consent(name, "newsletter").status_code == 201


def people_of(page: Any) -> list[str]:
    """Return the people whom the rows of a list name, from the top."""
    table = page.content.decode().partition('<table id="result_list"')[2].partition("</table>")[0]
    return re.findall(r">(lms-[a-z0-9-]+)<", table)


@pytest.mark.parametrize(
    ("model", "person", "roles", "others"),
    [
        (CONSENTS, "lms-junaid", ("instructor", "guardian"), ("student", "administrator")),
        ("consent/consentevent", "lms-hamza", ("student",), ("instructor", "guardian")),
        (OBJECTIONS, "lms-junaid", ("instructor", "guardian"), ("student",)),
        ("subjects/guardianclaim", "lms-danish", ("student",), ("guardian", "learner")),
        ("children/guardianship", "lms-danish", ("student",), ("guardian",)),
        ("invitations/invitation", "lms-danish", ("student",), ("guardian",)),
    ],
)
@pytest.mark.usefixtures("rows")
def test_lists_and_exports_are_filtered_by_a_role_of_the_person(
    model: str, person: str, roles: tuple[str, ...], others: tuple[str, ...], cast: Cast
) -> None:
    chosen = {"farah": "", "amina": f"client__id__exact={cast.client_id('indus')}&"}
    for name, role in itertools.product(chosen, (*roles, *others)):
        browser, query = browser_of(cast.user(name)), f"?{chosen[name]}person_role={role}"
        assert (person in people_of(browser.get(list_url(model) + query))) is (role in roles), role
        exported = export(browser, f"{list_url(model)}export/{query}", "csv")
        assert any(person in row for row in exported) is (role in roles), role


@pytest.mark.usefixtures("rows")
def test_a_role_that_does_not_exist_filters_nothing_and_all_clients_have_no_such_filter(cast: Cast) -> None:
    farah, amina = browser_of(cast.user("farah")), browser_of(cast.user("amina"))
    assert len(people_of(farah.get(f"{list_url(CONSENTS)}?person_role=pilot"))) == 2
    assert "role of the person" in titles_of_filters(farah, CONSENTS)
    assert "role of the child" in titles_of_filters(farah, "children/guardianship")
    assert "role of the person" not in titles_of_filters(amina, CONSENTS)
    assert "role of the person" not in titles_of_filters(farah, "subjects/subject")
    assert "role of the person" not in titles_of_filters(farah, "ageing/comingofage")


def titles_of_filters(browser: Client, model: str) -> list[str]:
    return [spec.title for spec in browser.get(list_url(model)).context["cl"].filter_specs]


@pytest.fixture
def many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven objections, of students and of Junaid, newest first: s j j s j s s; three rows are searched at once."""
    monkeypatch.setattr(people_filters, "MOST_PEOPLE", 1)
    monkeypatch.setattr(people_filters, "SEARCHED_AT_ONCE", 3)
    with in_client(cast.client_id("indus")):
        take_role(cast, "esra", "instructor")  # two instructors are many here
        object_to_improvement(cast, "danish", "junaid", "junaid", "hamza", "junaid", "iqra", "danish")


def follow_older(browser: Client, url: str) -> list[list[str]]:
    """Return the people of the rows of a list, and of all its older parts."""
    found = []
    while True:
        page = browser.get(url)
        found.append(people_of(page))
        if not (link := page.context["cl"].older_link):
            return found
        url = url.partition("?")[0] + link


@pytest.mark.usefixtures("many")
def test_every_row_of_a_long_list_is_reached_by_its_older_rows(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LIMIT", 3)
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    parts = follow_older(farah, url)
    assert [len(part) for part in parts] == [3, 3, 1]
    assert "Show older rows" in farah.get(url).content.decode()


@pytest.mark.usefixtures("many")
def test_rows_of_many_people_are_searched_part_by_part_and_none_is_missed(cast: Cast) -> None:
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    students = ["lms-danish", "lms-hamza", "lms-iqra", "lms-danish"]
    parts = follow_older(farah, f"{url}?person_role=student")
    assert parts == [["lms-danish"], ["lms-hamza", "lms-iqra"], ["lms-danish"]]
    assert follow_older(farah, f"{url}?person_role=instructor") == [["lms-junaid"] * 2, ["lms-junaid"], []]
    exported = export(farah, f"{url}export/?person_role=student", "csv")[1:]
    assert sorted(row[2] for row in exported) == sorted(students)


@pytest.mark.usefixtures("many")
def test_a_list_that_is_searched_part_by_part_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    page = farah.get(f"{url}?person_role=student").content.decode()
    assert "1 of the 3 rows searched match. The filter chooses more than 1 people" in page
    assert "Search older rows" in page
    monkeypatch.setattr(people_filters, "SEARCHED_AT_ONCE", 1)
    page = farah.get(f"{url}?person_role=instructor").content.decode()
    assert "None of the rows searched so far matches." in page
    assert 'href="export/?person_role=instructor"' in page
    assert "No rows match" not in page


@pytest.mark.usefixtures("many")
def test_two_filters_of_many_people_keep_those_who_meet_both(cast: Cast) -> None:
    farah, url = browser_of(cast.user("farah")), list_url(OBJECTIONS)
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"client": cast.client("indus"), "actor": SETTING_UP, "at": timezone.now()}
        for name in ("hamza", "junaid"):
            register_subject(f"lms-{name}", details={"grade": "9"}, **by)
    found = follow_older(farah, f"{url}?person_role=student&grade=9")
    assert [name for part in found for name in part] == ["lms-hamza"]


@pytest.mark.usefixtures("rows")
def test_another_client_sees_no_row_by_a_role(cast: Cast) -> None:
    celia = browser_of(cast.user("celia"))
    assert people_of(celia.get(f"{list_url(CONSENTS)}?person_role=student")) == []
    with in_client(cast.client_id("khyber")):
        assert not Consent.objects.exists()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    "query", ["subject__id__exact=x", "person_role=student&older=x", "grade=%00", "school=%F0%9F%98%80"]
)
def test_garbage_in_the_address_of_a_list_is_no_server_error(cast: Cast, query: str) -> None:
    for name in ("farah", "amina"):
        for model in (OBJECTIONS, "children/guardianship"):  # rows about a subject, and about a child
            assert browser_of(cast.user(name)).get(f"{list_url(model)}?{query}").status_code in {200, 302, 400}

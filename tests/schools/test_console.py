"""Schools and classes in the console: pages, filters, a person's page, and forms that choose a school or class."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from children.invitations.services.inviting import invite_guardians_of
from consent.paper.models import FormPage, FormRun
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.models import School, SchoolClass
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.children.guardians import guardian_of
from tests.console.pages import list_url, row_url
from tests.console.test_exports import export
from tests.factories import SETTING_UP
from tests.schools.making import enrolled, given, listed, record
from tests.signing_in import browser_of

PEOPLE = "people/subject"


@pytest.fixture
def classes(cast):
    """Danish in 4-B, before in 4-A; Iqra in 4-A; Hamza in 9-C of another school. Return the ids of the classes."""
    at = timezone.now() - timedelta(days=60)
    rows = [enrolled("lms-danish"), enrolled("lms-iqra"), enrolled("lms-hamza", "c9")]
    rows = [row._replace(starts_on=at.date()) for row in rows]
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        record(client, given(*rows), at)
        moved = rows[0]._replace(school_class="4b", starts_on=at.date() + timedelta(days=30))
        record(client, given(moved), at + timedelta(days=31))
        return dict(SchoolClass.objects.values_list("external_id", "pk"))


def test_a_class_shows_who_is_in_it_today_and_a_school_its_classes(classes, cast):
    browser = browser_of(cast.user("farah"))
    page = browser.get(row_url("schools/schoolclass", classes["4a"])).content.decode()
    assert ("lms-iqra" in page, "lms-danish" in page, "2026-27" in page) == (True, False, True)
    with in_client(cast.client_id("indus")):
        school = School.objects.get(external_id="lyari").pk
    page = browser.get(row_url("schools/school", school)).content.decode()
    assert ("4-A" in page, "9-C" in page, "Indus Network" in page) == (True, False, True)


def test_a_persons_page_shows_their_classes_now_and_before(classes, cast):
    page = browser_of(cast.user("farah")).get(row_url(PEOPLE, cast.subject_id("danish"))).content.decode()
    assert "4-B (Lyari School)" in page
    panel = page.split('id="panel-enrolments"')[1].split("</section>")[0]
    assert re.findall(r">(4-[AB])<", panel) == ["4-B", "4-A"]
    assert re.findall(r"pill[^>]*>(\w+)<", panel) == ["Now", "Ended"]
    page = browser_of(cast.user("farah")).get(row_url(PEOPLE, cast.subject_id("junaid"))).content.decode()
    assert "panel-enrolments" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("class=4a", ["lms-iqra"]),
        ("class=4b", ["lms-danish"]),
        ("school=lyari", ["lms-danish", "lms-iqra"]),
        ("school=clifton&role__exact=student", ["lms-hamza"]),
        ("class=unknown", []),
    ],
)
def test_the_list_of_people_is_filtered_by_school_and_class(query, found, classes, cast):
    assert listed(browser_of(cast.user("farah")).get(f"{list_url(PEOPLE)}?{query}")) == found
    officer = browser_of(cast.user("amina"))
    url = f"{list_url(PEOPLE)}?{query}&client__id__exact={cast.client_id('indus')}"
    assert listed(officer.get(url)) == found


@pytest.fixture
def graded(cast, classes):
    """Hamza of grade 9 with a consent, Danish of grade 4 with a claimed guardian, a verified one and an invitation."""
    assert Caller(cast.key("indus")).consent("lms-hamza", "newsletter").status_code == 201
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        by = {"client": cast.client("indus"), "actor": SETTING_UP, "at": at}
        for name, grade in (("danish", "4"), ("hamza", "9")):
            register_subject(f"lms-{name}", details={"grade": grade}, **by)
        guardian_of(cast.subject("danish"), cast.subject("esra"), at=at)
        invite_guardians_of([cast.subject("danish")], portal="https://x", actor=cast.actor("farah"), at=at)


@pytest.mark.parametrize(
    ("model", "person", "queries"),
    [
        ("people/subject", "lms-danish", ["class=4b", "school=lyari", "grade=04", "role__exact=student", "grade=9"]),
        ("consent/consent", "lms-hamza", ["class=c9", "school=clifton", "grade=9", "grade=4"]),
        ("consent/consentevent", "lms-hamza", ["class=c9", "grade=Class+9", "class=4b"]),
        ("people/guardianclaim", "lms-danish", ["class=4b", "school=lyari", "grade=4", "class=4a"]),
        ("guardians/guardianship", "lms-danish", ["class=4b", "school=lyari", "grade=4", "grade=9"]),
        ("invitations/invitation", "lms-danish", ["class=4b", "school=lyari", "grade=4", "class=c9"]),
        ("ageing/comingofage", "lms-danish", ["class=4b", "school=lyari", "grade=4", "grade=9"]),
    ],
)
def test_lists_and_exports_have_the_rows_of_a_class_school_or_grade(model, person, queries, graded, cast):
    farah, url = browser_of(cast.user("farah")), list_url(model)
    has_export = 'href="export/' in farah.get(url).content.decode()
    assert has_export is (model != "ageing/comingofage")
    *some, others = queries  # the last one finds no row
    for query in some:
        assert f">{person}<" in farah.get(f"{url}?{query}").content.decode(), query
        if has_export:
            rows = export(farah, f"{url}export/?{query}", "csv")[1:]
            assert any(person in row for row in rows), query
    assert f">{person}<" not in farah.get(f"{url}?{others}").content.decode()
    if has_export:
        assert not any(person in row for row in export(farah, f"{url}export/?{others}", "csv"))


def test_a_paper_form_is_made_for_a_school(classes, cast):
    farah, url = browser_of(cast.user("farah")), list_url("paper/formrun") + "add/"
    values = {"name": "Lyari", "addressee": "person", "purposes": ["newsletter"], "ids": ""}
    wrong = farah.post(url, {**values, "place": "nowhere"})
    assert "No school or class in use at this client has this name or id: nowhere." in wrong.content.decode()
    assert farah.post(url, {**values, "place": "lyari"}).status_code == 302
    with in_client(cast.client_id("indus")):
        pages = FormPage.objects.filter(run=FormRun.objects.get()).order_by("subject__external_id")
        assert list(pages.values_list("subject__external_id", flat=True)) == ["lms-danish", "lms-iqra"]
        assert Subject.objects.count() > 2


def test_the_search_box_finds_schools_and_classes_by_the_beginning_of_their_name_or_id(cast, classes):
    farah, celia = browser_of(cast.user("farah")), browser_of(cast.user("celia"))
    found = farah.post("/admin/search/", {"text": "4"}).content.decode()
    assert all(row_url("schools/schoolclass", classes[code]) in found for code in ("4a", "4b"))
    assert row_url("schools/schoolclass", classes["c9"]) not in found
    led_to = [farah.post("/admin/search/", {"text": text}).headers["Location"] for text in ("Lyari", "lyari", "c9")]
    assert led_to[0].startswith("/admin/schools/school/")
    assert led_to[1:] == [led_to[0], row_url("schools/schoolclass", classes["c9"])]
    assert celia.post("/admin/search/", {"text": "c9"}).status_code == 200

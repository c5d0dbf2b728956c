"""Grades: one form, kept with a person and with a class, and used wherever people are chosen."""

import re
from dataclasses import replace

import pytest
from django.utils import timezone

from children.invitations.models import Invitation
from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.directory.people.fields import parse_grade
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.models import SchoolClass
from paktaleem.directory.schools.selectors import Selection, select_chosen
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.services.applying import correct_person
from tests.api.callers import Caller
from tests.children.browsers import work
from tests.console.pages import list_url
from tests.factories import SETTING_UP
from tests.rosters import clean_network
from tests.schools.making import CLASSES, enrolled, given, listed, record
from tests.signing_in import browser_of
from tests.subjects.conftest import bring
from tests.subjects.test_spreadsheet import DANISH, as_csv, lines

PEOPLE = "people/subject"
__all__ = ["bring"]  # fixture


@pytest.fixture
def grades(cast):
    """Danish of grade 4 by himself, Iqra by her class 4-A; Hamza of grade 9, in a class of grade 4. Return the time."""
    at = timezone.now()
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        for name, grade in (("danish", "04"), ("hamza", "Grade 9")):
            details = {"grade": grade}
            register_subject(f"lms-{name}", client=client, details=details, actor=SETTING_UP, at=at)
        rows = [enrolled(f"lms-{name}")._replace(starts_on=at.date()) for name in ("iqra", "hamza")]
        classes = [CLASSES[0]._replace(grade="4"), *CLASSES[1:]]
        what = given(*rows)
        record(client, replace(what, places={**what.places, "classes": classes}), at)
    return at


GRADES = {
    "7": ["7", "07", " Grade  07 ", "\u06f7", "جماعت \u06f7"],
    "10": ["Class 10"],
    "KG": ["kg"],
    "O LEVEL": ["O Level"],
    "2026": ["2026"],
    "": ["", None],
}


@pytest.mark.parametrize(("grade", "texts"), GRADES.items())
def test_a_grade_has_one_form(grade, texts):
    assert {parse_grade(text) for text in texts} == {grade}


@pytest.mark.parametrize("text", ["7\x00", "x" * 33])
def test_a_text_that_is_no_grade_is_refused(text):
    with pytest.raises(ValueError, match="at most 32 visible characters"):
        parse_grade(text)


def test_the_api_records_shows_and_clears_a_grade_and_history_keeps_it(cast):
    indus = Caller(cast.key("indus"))
    url = "/api/v1/subjects/lms-hamza"
    assert indus.put(url, {"role": "student", "grade": "Class 08"}).json()["grade"] == "8"
    assert indus.put(url, {"role": "student"}).json()["grade"] == "8"
    assert indus.put(url, {"role": "student", "grade": None}).json()["grade"] == ""
    wrong = indus.put(url, {"role": "student", "grade": "ß" * 20})
    assert (wrong.status_code, [one["pointer"] for one in wrong.json()["errors"]]) == (400, ["#/grade"])
    with in_client(cast.client_id("indus")):
        past = Subject.history.filter(id=cast.subject_id("hamza")).order_by("history_date", "history_id")
        assert list(past.values_list("grade", flat=True))[-2:] == ["8", ""]


def test_the_grade_of_a_class_is_stated_by_the_api(cast):
    indus = Caller(cast.key("indus"))
    assert indus.put("/api/v1/classes/4a", {"title": "4-A", "grade": "04"}).json()["grade"] == "4"
    again = indus.put("/api/v1/classes/4a", {"title": "4-A", "grade": "5"})
    assert (again.status_code, again.json()["grade"]) == (200, "5")
    assert indus.put("/api/v1/classes/4a", {"title": "4-A"}).json()["grade"] == ""
    assert indus.put("/api/v1/classes/4a", {"title": "4-A", "grade": "x" * 33}).status_code == 400


def test_a_grade_is_corrected_and_the_systems_are_ordered_to_correct_it(cast, grades):
    by = {"actor": cast.actor("farah"), "reason": "review", "at": grades}
    with in_client(cast.client_id("indus")):
        made = correct_person(cast.subject("hamza"), field="grade", value="class 8", **by)
        assert made is not None
        assert (made.applied_at, cast.subject("hamza").grade) == (grades, "8")
        assert Order.objects.filter(subject=cast.subject("hamza"), kind=OrderKind.CORRECT).exists()
        erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=grades)
        assert cast.subject("hamza").grade == "", "an erased person has no grade"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_package_states_grades_of_people_and_classes_and_a_delta_changes_one(bring, version):
    package, delta = clean_network(), clean_network().as_delta(danish="active")
    package.row("users.csv", "danish")["grades"] = "04"
    package.row("classes.csv", "cls-1")["grades"] = "Grade 4"
    package, delta = (one.as_version_1_2() if version == "1.2" else one for one in (package, delta))
    bring(package)
    assert grade_of("danish") == SchoolClass.objects.get(external_id="cls-1").grade == "4"
    delta.row("users.csv", "danish")["grades"] = "5, 6"
    report = bring(delta)
    assert (grade_of("danish"), report.oddities["grades_several"]) == ("5", 1)
    delta.row("users.csv", "danish")["grades"] = ""
    bring(delta)
    assert grade_of("danish") == "5"


def grade_of(person):
    return Subject.objects.get(external_id=person).grade


def test_a_class_of_several_grades_has_none_and_a_long_grade_is_listed(bring):
    package = clean_network()
    package.row("classes.csv", "cls-1")["grades"] = "4,5"
    package.row("users.csv", "danish")["grades"] = "x" * 33
    report = bring(package)
    assert (report.oddities["class_grades_several"], report.oddities["grade_unfit"]) == (1, 1)
    assert SchoolClass.objects.get(external_id="cls-1").grade == grade_of("danish") == ""
    report = bring(as_csv(lines({**DANISH, "Grade": "class 04"}, {**DANISH, "ID": "s-2", "Grade": "y" * 33})))
    assert (grade_of("s-1"), grade_of("s-2"), report.oddities["grade_unfit"]) == ("4", "", 1), "of the template"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("grade=4", ["lms-danish", "lms-iqra"]),
        ("grade=Class+04", ["lms-danish", "lms-iqra"]),
        ("grade=9&role__exact=student", ["lms-hamza"]),
        ("grade=4&school=lyari", ["lms-iqra"]),
        ("grade=12", []),
        ("grade=" + "x" * 40, []),
    ],
)
def test_the_list_of_people_is_filtered_by_grade(query, found, grades, cast):
    assert listed(browser_of(cast.user("farah")).get(f"{list_url(PEOPLE)}?{query}")) == found


def test_all_conditions_of_a_selection_count_together(grades, cast):
    with in_client(cast.client_id("indus")):
        client = cast.client("indus")
        people = Subject.objects.filter(client=client)

        def chosen(**conditions):
            found = select_chosen(people, Selection(**conditions), client=client, at=grades)
            return sorted(found.values_list("external_id", flat=True))

        assert chosen(grades=["4"]) == ["lms-danish", "lms-iqra"]
        assert chosen(grades=["4", "9"]) == ["lms-danish", "lms-hamza", "lms-iqra"]
        assert chosen(grades=["4"], places=["4a"]) == ["lms-iqra"]
        assert chosen(places=["4a", "lyari"]) == ["lms-hamza", "lms-iqra"]
        assert chosen(grades=["4"], ids=("lms-danish", "lms-hamza")) == ["lms-danish"]
        assert chosen(grades=["4"], role="guardian") == []
        assert chosen(role="student", beginning="lms-h") == ["lms-hamza"]


def test_the_guardians_of_a_grade_are_asked_and_an_unknown_grade_is_refused(grades, cast):
    farah, url = browser_of(cast.user("farah")), list_url("invitations/invitation") + "add/"
    wrong = farah.post(url, {"grade": "11"}).content.decode()
    assert "No person or class in use at this client is of this grade: 11." in wrong
    assert "of this grade: 11, 12." in farah.post(url, {"grade": "12, 4، 11"}).content.decode()
    shown = farah.post(url, {"grade": "class 4", "role": "student"}).content.decode()
    assert [int(one) for one in re.findall(r"<dd>(?:<strong>)?(\d+)", shown)] == [2, 0, 0, 1, 1]
    assert farah.post(url, {"grade": "class 4", "role": "student", "confirmed": "1"}).status_code == 302
    work()
    with in_client(cast.client_id("indus")):
        assert [row.child.external_id for row in Invitation.objects.select_related("child")] == ["lms-danish"]

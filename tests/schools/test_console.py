"""Schools, classes and grades in the console, and pupils who move within a client or to another."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from children.guardians.models import Guardianship
from children.invitations.models import Invitation
from children.invitations.selectors import list_children_to_ask_about
from children.invitations.services.answering import process_invitations
from children.invitations.services.inviting import invite_guardians_of
from consent.consents.models import Consent
from consent.paper.models import FormPage, FormRun
from paktaleem.directory.access_links.services import INVITATION_LIFE
from paktaleem.directory.data_systems.models import Order, OrderKind
from paktaleem.directory.people.fields import parse_grade
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.models import School, SchoolClass
from paktaleem.directory.schools.selectors import Selection, select_chosen
from paktaleem.foundation.accounts.models import Membership
from paktaleem.foundation.accounts.staff_services import change_membership
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from retention.holdings.models import Holding
from rights.rectifications.services import correct_person
from rights.requests.models import RightsRequest
from rights.requests.services.intake import receive_request
from tests.api.callers import Caller
from tests.children.browsers import work
from tests.children.guardians import guardian_of
from tests.console.pages import list_url, row_url
from tests.console.test_exports import export
from tests.factories import SETTING_UP, make_staff
from tests.retention.schedule.making import make_holding
from tests.rosters import clean_network
from tests.schools.making import CLASSES, enrolled, given, listed, periods, record
from tests.signing_in import browser_of
from tests.subjects.conftest import bring
from tests.subjects.test_spreadsheet import DANISH, as_csv, lines

PEOPLE = "people/subject"
BATCH = "/api/v1/enrolments/batch"
__all__ = ["bring"]  # fixture


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
    school = cast.get(School, external_id="lyari").pk
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


@pytest.fixture
def placed_lms(cast):
    caller = Caller(cast.key("indus"))
    for school, name in (("lyari", "4a"), ("clifton", "9c")):
        assert caller.put(f"/api/v1/schools/{school}", {"name": school.title()}).status_code == 201
        assert caller.put(f"/api/v1/classes/{name}", {"title": name, "school": school}).status_code == 201
    assert send(caller, **{"class": "4a", "id": "e1", "starts_on": "2026-08-03"}) == ["added"]
    return caller


def send(caller, **values):
    answer = caller.post(BATCH, {"enrolments": [{"subject": "lms-hamza", **values}]})
    return [one["result"] for one in answer.json()["enrolments"]]


MOVE: dict[str, Any] = {"joining": "9c", "on": "2026-09-21", "reason": "client_instruction"}


def what_stays(cast, *names):
    keys = [cast.subject_id(name) for name in names]
    consents = Consent.objects.filter(subject_id__in=keys, state="given")
    guardians = Guardianship.objects.filter(child_id__in=keys, ends_at=None)
    holdings = Holding.objects.held().filter(subject_id__in=keys)
    return [one.count() for one in (consents, guardians, holdings, RightsRequest.objects.filter(subject_id__in=keys))]


def head_of(cast, school, at):
    client_id = cast.client_id("indus")
    user = make_staff(f"{school}@indus.example", ("client_admin", client_id))
    with in_client(client_id):
        membership = Membership.objects.get(user_id=user.pk, ends_at=None)
        membership.school_ids = [School.objects.get(external_id=school).pk]
        change_membership(membership, ground="They asked me.", actor=cast.actor("farah"), reason="review", at=at)
    return user


def person_page(cast, act="change"):
    return f"/admin/people/subject/{cast.subject_id('hamza')}/{act}/"


def test_a_pupil_moves_to_another_school_and_all_but_the_classes_stays(placed_lms, cast, sign_in, now):
    with in_client(cast.client_id("indus")):
        hamza, danish = cast.subject("hamza"), cast.subject("danish")
        guardian_of(danish, cast.subject("esra"), at=now)
        make_holding(danish, "usage_logs", ["support"], collected_at=now)
        given: dict[str, Any] = {"kinds": ["access"], "channel": "telephone", "language": "en"}
        receive_request(cast.client("indus"), subject=danish, **given, actor=cast.actor("amina"), at=now)
    assert send(placed_lms, **{"class": "4a", "subject": "lms-danish", "starts_on": "2026-08-03"}) == ["added"]
    assert placed_lms.consent("lms-hamza", "newsletter").status_code == 201
    with in_client(cast.client_id("indus")):
        before = what_stays(cast, "hamza", "danish")
        class_id = SchoolClass.objects.get(external_id="4a").pk
    assert before == [1, 1, 1, 1]
    heads = [browser_of(head_of(cast, school, now)) for school in ("lyari", "clifton")]
    assert [one.get(person_page(cast)).status_code for one in heads] == [200, 404]
    for person in (hamza, danish):
        url = f"/admin/people/subject/{person.pk}/moves-class/"
        assert sign_in("farah").post(url, {**MOVE, "leaving": [str(class_id)]}).status_code == 302
    with in_client(cast.client_id("indus")):
        moved = [("4a", "2026-08-03", "2026-09-21"), ("9c", "2026-09-21", None)]
        assert periods("lms-hamza") == periods("lms-danish") == moved
        assert what_stays(cast, "hamza", "danish") == before
        [entry] = Entry.objects.filter(subject_id=hamza.pk, kind="subject.moved")
        facts = json.loads(entry.body)["facts"]
        assert (entry.actor_id, facts["reason"]) == (cast.user_id("farah"), "client_instruction")
    assert placed_lms.reason("lms-hamza", "newsletter") == "permitted"
    assert [one.get(person_page(cast)).status_code for one in heads] == [404, 200], "the limits of staff follow"


def test_a_wrong_class_or_day_moves_no_one(placed_lms, cast, sign_in):
    assert send(placed_lms, **{"class": "9c", "starts_on": "2026-08-03"}) == ["added"]
    with in_client(cast.client_id("indus")):
        classes = {key: str(pk) for key, pk in SchoolClass.objects.values_list("external_id", "pk")}
    farah, url = sign_in("farah"), person_page(cast, "moves-class")
    given = {**MOVE, "leaving": [classes["4a"]]}
    for wrong, answer in (
        ({"joining": "nowhere"}, "No class in use at this client has this name or id: nowhere."),
        ({"on": "2026-08-03"}, "Choose a day after 2026-08-03"),
        ({"on": "2036-01-01"}, "Choose a day at most a year ahead."),
        ({"leaving": [str(cast.subject_id("iqra"))]}, "Select a valid choice."),
    ):
        assert answer in farah.post(url, {**given, **wrong}).content.decode()
    with in_client(cast.client_id("indus")):
        assert sorted(periods("lms-hamza")) == [("4a", "2026-08-03", None), ("9c", "2026-08-03", None)]
    assert farah.post(url, given).status_code == 302
    with in_client(cast.client_id("indus")):
        left = [("4a", "2026-08-03", "2026-09-21"), ("9c", "2026-08-03", None)]
        assert sorted(periods("lms-hamza")) == left, "who is in the class already stays in it"
    assert sign_in("celia").get(url).status_code == 404


def test_a_move_to_another_client_closes_the_account_and_says_what_can_be_taken_along(placed_lms, cast, sign_in):
    assert placed_lms.consent("lms-hamza", "newsletter").status_code == 201
    farah = sign_in("farah")
    assert "PakTaleem copies nothing" in farah.get(person_page(cast, "moves-away")).content.decode()
    answer = farah.post(person_page(cast, "moves-away"), {"reason": "client_instruction"}, follow=True)
    assert "record a request for data portability next" in answer.content.decode()
    assert placed_lms.reason("lms-hamza", "newsletter") == "account_closed"
    with in_client(cast.client_id("indus")):
        assert periods("lms-hamza")[0][2] is not None
        assert not RightsRequest.objects.exists()
        assert cast.subject("hamza").history.latest("history_date").history_change_reason == "client_instruction"
    assert farah.get(person_page(cast, "moves-away"))["Location"] == person_page(cast)


def test_no_guardian_of_a_pupil_who_moved_away_is_asked_and_what_was_recorded_stays(placed_lms, cast, sign_in):
    farah, asked_at = sign_in("farah"), timezone.now()
    with in_client(cast.client_id("indus")):
        client, danish = cast.client("indus"), cast.subject("danish")
        by: dict[str, Any] = {"client": client, "actor": SETTING_UP, "at": asked_at}
        for name in ("danish", "iqra"):
            register_subject(f"lms-{name}", details={"grade": "4"}, **by)
        invite_guardians_of([danish], portal="https://portal.example", actor=cast.actor("farah"), at=asked_at)
        before = (what_stays(cast, "danish"), GuardianClaim.objects.filter(child=danish, ends_at=None).count())
    away = f"/admin/people/subject/{cast.subject_id('danish')}/moves-away/"
    assert farah.post(away, {"reason": "client_instruction"}).status_code == 302
    shown = farah.post("/admin/invitations/invitation/add/", {"grade": "4"}).content.decode()
    assert re.findall(r"<dd>(?:<strong>)?(\d+)", shown)[0] == "1", "Iqra only"
    assert make_paper_form(cast, farah, grade="4") == ["lms-iqra"]
    assert make_paper_form(cast, farah, ids="lms-danish") == ["lms-danish"]
    with in_client(cast.client_id("indus")):
        later = timezone.now() + INVITATION_LIFE
        process_invitations(client.pk, actor=SETTING_UP, at=later)
        [invitation] = Invitation.objects.filter(child=danish)
        assert (invitation.state, invitation.reminders) == ("expired", 0)
        danish = cast.subject("danish")
        after = (what_stays(cast, "danish"), GuardianClaim.objects.filter(child=danish, ends_at=None).count())
        assert (danish.grade, after) == ("4", before)
        assert Entry.objects.filter(subject_id=danish.pk, kind="subject.account_closed").count() == 1


def test_a_pupil_whom_a_roster_registered_as_disabled_is_asked_about(cast):
    with in_client(cast.client_id("indus")):
        client, at = cast.client("indus"), timezone.now()
        given = {"role": "student", "birth_date": date(2019, 5, 1), "is_enabled": False, "grade": "6"}
        register_subject("lms-new", details=given, client=client, actor=SETTING_UP, at=at)
        found = list_children_to_ask_about(client, Selection(grades=("6",)), actor=cast.actor("farah"), at=at)
        assert [one.external_id for one in found] == ["lms-new"]


def make_paper_form(cast, browser, **chosen):
    values = {"name": "Grade 4", "addressee": "person", "purposes": ["newsletter"], **chosen}
    answer = browser.post("/admin/paper/formrun/add/", values)
    assert answer.status_code == 302, answer.content.decode()
    with in_client(cast.client_id("indus")):
        run = FormRun.objects.latest("made_at")
        pages = FormPage.objects.filter(run=run).order_by("subject__external_id")
        return [str(one) for one in pages.values_list("subject__external_id", flat=True)]


def test_an_id_of_another_client_reveals_nothing_and_copies_nothing(placed_lms, cast):
    khyber = Caller(cast.key("khyber"))
    assert placed_lms.consent("lms-hamza", "newsletter").status_code == 201
    for known, unknown in (("lms-hamza", "lms-nothere"), (str(cast.subject_id("hamza")), "lms-nothere")):
        found, missing = (khyber.get(f"/api/v1/subjects/{one}") for one in (known, unknown))
        assert found.status_code == missing.status_code == 404
        assert (set(found.json()), found.json()["type"]) == (set(missing.json()), missing.json()["type"])
        assert khyber.reason(known, "newsletter") == khyber.reason(unknown, "newsletter") == "subject_unknown"
    assert khyber.put("/api/v1/subjects/lms-hamza", {"role": "learner", "birth_date": "2000-01-05"}).status_code == 201
    assert khyber.reason("lms-hamza", "newsletter") == "consent_missing"
    assert cast.get(Subject, "khyber", external_id="lms-hamza").pk != cast.subject_id("hamza")
    assert not cast.has(Consent, "khyber")
    assert placed_lms.reason("lms-hamza", "newsletter") == "permitted"


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

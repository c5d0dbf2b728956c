"""A OneRoster package's schools, terms, classes and enrolments are kept: both versions, complete and changes only."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from paktaleem.directory.schools.forms import SelectionForm, read_place
from paktaleem.directory.schools.models import Enrolment, School, SchoolClass, Term
from paktaleem.directory.schools.rosters.importing.service import PlanChanged
from paktaleem.directory.schools.rows import GivenRows, Tally
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import row_url
from tests.rosters import clean_network
from tests.schools.making import CLASSES, SCHOOLS, TERMS, periods, record
from tests.signing_in import browser_of
from tests.subjects.conftest import bring

LATER = timedelta(days=1)
KEPT = {"schools": Tally(added=2), "terms": Tally(added=1), "classes": Tally(added=1), "enrolments": Tally(added=2)}


__all__ = ["bring"]  # fixture


def network(version="1.1"):
    package = clean_network() if version == "1.1" else clean_network().as_version_1_2()
    places = {"courseSourcedId": "crs-1", "schoolSourcedId": "org-2", "termSourcedIds": "ses-1"}
    package.add("classes.csv", "cls-2", title="4-B", classType="scheduled", **places)
    return package


def changes(package, **files):
    for file in [*package.tables]:
        rows = files.get(file.removesuffix(".csv"), [])
        if not rows:
            package.without(file)
            continue
        package.tables[file] = [{"status": "active", "dateLastModified": "2026-10-01T08:00:00Z", **row} for row in rows]
        package.manifest[f"file.{file.removesuffix('.csv')}"] = "delta"
    return package


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_package_of_either_version_is_shown_first_then_kept_and_a_second_import_changes_nothing(version, bring, now):
    shown = bring(network(version), is_trial=True)
    assert shown.schooling == {**KEPT, "classes": Tally(added=2)}
    assert not School.objects.exists()
    assert bring(network(version), as_shown=shown.plan).schooling == shown.schooling
    assert str(School.objects.get(external_id="org-2").parent) == "Indus Network"
    year = Term.objects.get()
    assert (year.kind, str(year.starts_on), str(year.ends_on)) == ("school_year", "2026-08-01", "2027-05-31")
    kinds = SchoolClass.objects.order_by("external_id").values_list("title", "kind", "school__external_id")
    assert list(kinds) == [("4-A", "homeroom", "org-2"), ("4-B", "scheduled", "org-2")]
    roles = Enrolment.objects.order_by("role").values_list("subject__external_id", "role", "external_id")
    assert list(roles) == [("danish", "student", "enr-1"), ("farhan", "teacher", "enr-2")]
    again = bring(network(version), at=now + LATER, everybody=True)
    assert {tally.added + tally.changed + tally.gone for tally in again.schooling.values()} == {0}


def test_a_delta_moves_a_pupil_to_another_class_and_ends_a_class(bring, now):
    package = network()
    package.row("enrollments.csv", "enr-1")["beginDate"] = "2026-08-03"
    bring(package)
    places = {"schoolSourcedId": "org-2", "userSourcedId": "danish", "role": "student", "beginDate": "2026-08-03"}
    moved = changes(network(), enrollments=[{"sourcedId": "enr-1", "classSourcedId": "cls-2", **places}])
    report = bring(moved, at=now + LATER)
    assert report.schooling == {"enrolments": Tally(added=1, gone=1)}
    before, after = periods("danish")
    assert (before[0], before[1], after[0], after[2]) == ("cls-1", "2026-08-03", "cls-2", None)
    assert before[2] == after[1] != "2026-08-03"
    ended = changes(network(), classes=[{"sourcedId": "cls-2", "status": "tobedeleted"}])
    report = bring(ended, at=now + 2 * LATER)
    assert report.schooling == {"classes": Tally(gone=1), "enrolments": Tally(gone=1)}
    assert Enrolment.objects.filter(ended_at=None).get().subject.external_id == "farhan"


def test_a_delta_moves_a_class_to_another_school_and_its_pupils_stay_in_it(bring, now):
    bring(network())
    kept = Enrolment.objects.order_by("pk").values_list("pk", "school_class_id", "starts_on", "ended_at")
    before = list(kept)
    moved = changes(
        network(),
        orgs=[{"sourcedId": "org-3", "name": "Clifton School", "type": "school", "parentSourcedId": "org-1"}],
        classes=[{"sourcedId": "cls-1", "title": "4-A", "classType": "homeroom", "schoolSourcedId": "org-3"}],
    )
    report = bring(moved, at=now + LATER)
    assert (report.schooling["schools"], report.schooling["classes"]) == (Tally(added=1), Tally(changed=1))
    assert SchoolClass.objects.get(external_id="cls-1", school__name="Clifton School")
    assert list(kept.all()) == before


def test_a_pupil_who_is_deleted_at_the_source_leaves_the_class(bring, now):
    bring(network())
    gone = changes(network(), users=[{"sourcedId": "danish", "status": "tobedeleted"}])
    report = bring(gone, at=now + LATER, allow_bulk_deactivation=True)
    assert report.schooling == {"enrolments": Tally(gone=1)}


def test_a_complete_package_ends_what_it_does_not_list_only_if_it_has_everyone(bring, now):
    bring(network())
    fewer = network()
    fewer.tables["enrollments.csv"] = fewer.tables["enrollments.csv"][:1]
    fewer.tables["classes.csv"] = fewer.tables["classes.csv"][:1]
    assert bring(fewer, at=now + LATER).schooling["enrolments"] == Tally(unchanged=1)
    report = bring(fewer, at=now + LATER, everybody=True)
    assert report.schooling["enrolments"] == Tally(unchanged=1, gone=1)
    assert report.schooling["classes"] == Tally(unchanged=1, gone=1)


def test_nothing_ends_because_a_row_or_a_file_cannot_be_read(bring, now):
    bring(network())
    damaged = network()
    damaged.raw["enrollments.csv"] = damaged.text("enrollments.csv").splitlines(keepends=True)[0] + b"one,two\r\n"
    damaged.raw["classes.csv"] = b"title\r\n4-A\r\n"
    report = bring(damaged, at=now + LATER, everybody=True)
    assert set(report.schooling) == {"schools", "terms"}
    assert (report.oddities["row_width"], report.oddities["file_unreadable"]) == (1, 1)
    assert Enrolment.objects.filter(ended_at=None).count() == 2
    report = bring(network().without("enrollments.csv"), everybody=True)
    assert set(report.schooling) == {"schools", "terms", "classes"}
    assert Enrolment.objects.filter(ended_at=None).count() == 2


def test_what_cannot_be_matched_is_left_out_counted_and_listed(bring):
    package = network()
    package.enroll("nobody")
    package.enroll("esra")["classSourcedId"] = "cls-9"
    package.enroll("danish")  # as enr-1
    package.add("enrollments.csv", "x" * 256, classSourcedId="cls-1", userSourcedId="celia", role="aide")
    package.add("classes.csv", "", title="No id")
    package.row("classes.csv", "cls-2")["title"] = "B" * 300
    package.row("orgs.csv", "org-1")["type"] = "planet"
    report = bring(package)
    assert report.schooling["enrolments"] == Tally(added=2)
    found = {code: report.oddities[code] for code in report.oddities if code in {"school_id_unfit", "name_cut"}}
    assert found == {"school_id_unfit": 2, "name_cut": 1}
    left_out = [one for one in report.oddity_sample if one.code.startswith("enrolment_")]
    assert [(one.file, one.row, one.code) for one in left_out] == [
        ("enrollments.csv", 5, "enrolment_without_class"),
        ("enrollments.csv", 4, "enrolment_without_person"),
        ("enrollments.csv", 6, "enrolment_repeated"),
    ]
    assert report.oddities["enrolment_repeated"] == 1
    assert len(SchoolClass.objects.get(external_id="cls-2").title) == 255
    assert School.objects.get(external_id="org-1").kind == "other"


SHEET = "ID,Role,Full name,School,Class\n"


def test_the_template_states_school_and_class_and_another_class_is_a_move(bring, now):
    def bring_sheet(*rows, at=now, **terms):
        return bring((SHEET + "\n".join(rows)).encode(), at=at, allow_bulk_deactivation=True, **terms)

    rows = ["s1,student,Ali Raza,Lyari School,4-A", "s2,student,Bano Shah,Lyari  School,4-A", "t1,teacher,Noor,,4-A"]
    report = bring_sheet(*rows, "s3,student,Chand Das,,")
    kept = {"schools": Tally(added=1), "classes": Tally(added=2), "enrolments": Tally(added=3)}
    assert (report.schooling, periods("s1")[0][0]) == (kept, "Lyari School/4-A")
    assert SchoolClass.objects.get(external_id="4-A").school is None
    assert Enrolment.objects.get(subject__external_id="t1").role == "teacher"
    moved = bring_sheet("s1,student,Ali Raza,Lyari School,5-A", "s2,student,Bano Shah,,", at=now + LATER)
    assert moved.schooling["enrolments"] == Tally(added=1, gone=1)
    assert [name for name, _, _ in periods("s1")] == ["Lyari School/4-A", "Lyari School/5-A"]
    left = bring_sheet("s1,student,Ali Raza,Lyari School,5-A", at=now + 2 * LATER, everybody=True)
    assert left.schooling["enrolments"] == Tally(unchanged=1, gone=2)
    long = bring_sheet(f"s1,student,Ali Raza,{'x' * 256},5-A", at=now + 2 * LATER)
    assert (long.schooling, long.oddities["school_id_unfit"]) == ({}, 1)


def test_an_import_that_would_end_other_enrolments_than_shown_is_refused(bring, now):
    bring(network())
    fewer = network()
    fewer.tables["enrollments.csv"] = []
    shown = bring(fewer, is_trial=True, everybody=True)
    assert shown.schooling["enrolments"] == Tally(gone=2)
    ended = changes(network(), enrollments=[{"sourcedId": "enr-1", "status": "tobedeleted"}])
    bring(ended, at=now + LATER)
    with pytest.raises(PlanChanged):
        bring(fewer, everybody=True, as_shown=shown.plan)


def test_a_package_of_more_enrolments_takes_as_many_statements(bring, django_assert_max_num_queries):
    small, large = network(), network()
    for number in range(3_000):
        large.add("enrollments.csv", f"many-{number}", classSourcedId="cls-1", userSourcedId="celia", role="student")
    bring(small)
    with django_assert_max_num_queries(92):  # two of them count relations and contacts for the brake
        report = bring(large)
    assert report.schooling["enrolments"] == Tally(added=1, unchanged=2)
    assert report.oddities["enrolment_repeated"] == 2_999


@pytest.fixture
def named(cast):
    """Two classes named 4-A, one of which has the name of a school as its id; a class that has ended."""
    other = CLASSES[2]._replace(external_id="Lyari School", name="4-A")
    rows = GivenRows(places={"schools": SCHOOLS, "terms": TERMS, "classes": [*CLASSES, other]})
    with in_client(cast.client_id("indus")):
        record(cast.client("indus"), rows, timezone.now())
        SchoolClass.objects.filter(external_id="c9").update(ended_at=timezone.now())
    return cast


def read(cast, text, client="indus"):
    with in_client(cast.client_id(client)):
        return read_place(text, cast.client_id(client)).external_id


def test_a_place_is_found_by_its_id_and_otherwise_by_its_name(named):
    found = [read(named, text) for text in ("4b", "4-b", "clifton school", "Lyari School")]
    assert found == ["4b", "4b", "clifton", "Lyari School"], "an id goes before a name"


_SEVERAL = "4a – 4-A (Lyari School), Lyari School – 4-A (Clifton School)"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("9-C", "No school or class in use at this client has this name or id: 9-C."),
        ("4-a", f"“4-a” is the name of several. Use the LMS id: {_SEVERAL}."),
    ],
)
def test_an_ended_class_and_a_name_of_several_are_refused(named, text, answer):
    with pytest.raises(ValidationError) as refused:
        read(named, text)
    assert refused.value.messages == [answer]


def test_a_place_of_another_client_is_neither_found_nor_suggested(named):
    with pytest.raises(ValidationError):
        read(named, "4b", "khyber")
    page = browser_of(named.user("farah")).get(row_url("people/subject", named.subject_id("hamza"), "moves-class"))
    [(key, options)] = re.findall(r'<datalist id="([^"]+)">(.*?)</datalist>', page.content.decode(), re.DOTALL)
    assert f'list="{key}"' in page.content.decode()
    assert re.findall(r'<option value="([^"]+)">([^<]+)<', options) == [
        ("4a", "4-A (Lyari School)"),
        ("4b", "4-B (Lyari School)"),
        ("Lyari School", "4-A (Clifton School)"),
    ]
    other = row_url("people/subject", named.subject_id("kiran"), "moves-class")
    assert "<datalist" not in browser_of(named.user("celia")).get(other).content.decode()


def test_a_selection_takes_names_and_ids_and_names_each_line_that_it_cannot_read(named):
    indus = named.client_id("indus")
    with in_client(indus):
        form, wrong = (SelectionForm({"place": text}) for text in ("4-B\nlyari", "4-B\nnowhere\n4-A"))
        for one in (form, wrong):
            assert one.is_valid()
            one.check_selection(indus)
    assert form.selection.places == ("4b", "lyari")
    assert [str(text).split(":")[-1].rstrip(".") for text in wrong.errors["place"]] == [" nowhere", f" {_SEVERAL}"]

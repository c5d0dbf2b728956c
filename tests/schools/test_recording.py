"""Recording schools, terms, classes and enrolments: history, ends, moves, leniency, tenant isolation."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.directory.schools.models import ClassTerm, Enrolment, Origin, School, SchoolClass, Term
from paktaleem.directory.schools.rows import CLASSES as CLASS_PART
from paktaleem.directory.schools.rows import ENROLMENTS, GivenRows, SchoolRow
from paktaleem.directory.schools.rows import SCHOOLS as SCHOOL_PART
from paktaleem.directory.schools.services.enrolments import Counts
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import ContextMissing, in_client
from tests.factories import SETTING_UP, SubjectFactory
from tests.schools.making import CLASSES, SCHOOLS, enrolled, given, periods, record

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
LATER = AT + timedelta(days=30)
ALL = frozenset({SCHOOL_PART, CLASS_PART, ENROLMENTS})
FIRST = "2026-08-03"


@pytest.fixture
def prepared(cast):
    """Indus Schools with three more pupils, in its context."""
    with in_client(cast.client_id("indus")):
        for name in ("ali", "bano", "chand"):
            SubjectFactory(client=cast.client("indus"), external_id=name)
        yield cast.client("indus")


def test_what_a_roster_states_is_kept_and_a_second_run_changes_nothing(prepared):
    what = given(enrolled("ali"), enrolled("bano", role="teacher"), complete=ALL)
    first = record(prepared, what, AT)
    assert first.counts == {
        "schools": Counts(added=3),
        "terms": Counts(added=2),
        "classes": Counts(added=3),
        "enrolments": Counts(added=2),
    }
    lyari = School.objects.get(external_id="lyari")
    assert (lyari.name, lyari.kind, str(lyari.parent)) == ("Lyari School", "school", "Indus Network")
    assert str(Term.objects.get(external_id="t1").parent) == "2026-27"
    assert SchoolClass.objects.get(external_id="4b").school == lyari
    assert ClassTerm.objects.count() == 3
    assert periods("ali") == [("4a", FIRST, None)]
    assert Enrolment.objects.get(subject__external_id="bano").role == "teacher"
    entry = Entry.objects.get(kind="schools.recorded")
    assert json.loads(entry.body)["facts"]["counts"]["enrolments"] == [2, 0, 0, 0]
    again = record(prepared, what, LATER)
    assert again.counts["enrolments"] == Counts(unchanged=2)
    assert {one.written for one in again.counts.values()} == {0}
    assert Entry.objects.filter(kind="schools.recorded").count() == 1


def test_a_complete_roster_ends_what_it_does_not_list_and_a_partial_one_leaves_it(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    assert record(prepared, given(enrolled("ali")), LATER).counts["enrolments"] == Counts(unchanged=1)
    fewer = replace(given(enrolled("ali"), complete=ALL), schools=SCHOOLS[:2], classes=CLASSES[:2])
    counts = record(prepared, fewer, LATER).counts
    assert (counts["schools"], counts["classes"]) == (Counts(unchanged=2, ended=1), Counts(unchanged=2, ended=1))
    assert counts["enrolments"] == Counts(unchanged=1, ended=1)
    assert periods("bano") == [("4a", FIRST, "2026-10-01")]
    ended = Enrolment.objects.get(subject__external_id="bano")
    assert ended.ended_at == LATER
    assert record(prepared, given(enrolled("ali"), enrolled("bano", starts_on=date(2026, 11, 2))), LATER).counts[
        "enrolments"
    ] == Counts(added=1, unchanged=1)
    assert periods("bano") == [("4a", FIRST, "2026-10-01"), ("4a", "2026-11-02", None)]


def test_a_moved_enrolment_ends_in_the_old_class_and_begins_in_the_new_one(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano"), enrolled("chand")), AT)
    moved = [
        enrolled("ali", "4b"),  # with the first day of the old class: known since today
        enrolled("bano", "4b", starts_on=date(2026, 9, 21)),
        enrolled("chand", "4b", starts_on=None),
    ]
    counts = record(prepared, given(*moved), LATER).counts["enrolments"]
    assert counts == Counts(added=3, ended=3)
    assert periods("ali") == [("4a", FIRST, "2026-10-01"), ("4b", "2026-10-01", None)]
    assert periods("bano") == [("4a", FIRST, "2026-09-21"), ("4b", "2026-09-21", None)]
    assert periods("chand") == [("4a", FIRST, "2026-10-01"), ("4b", "2026-10-01", None)]
    assert record(prepared, given(*moved), LATER + timedelta(days=1)).counts["enrolments"] == Counts(unchanged=3)


def test_a_delta_ends_by_id_alone_and_the_end_of_a_class_ends_its_enrolments(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano"), enrolled("chand", "4b")), AT)
    gone = enrolled("", "", external_id="e-ali", role="other", gone=True)
    closed = CLASSES[1]._replace(title="", kind="other", school="", gone=True)
    delta = GivenRows(classes=[closed], enrolments=[gone])
    counts = record(prepared, delta, LATER).counts
    assert (counts["classes"], counts["enrolments"]) == (Counts(ended=1), Counts(ended=2))
    assert [periods(name)[0][2] for name in ("ali", "bano", "chand")] == ["2026-10-01", None, "2026-10-01"]
    assert SchoolClass.objects.get(external_id="4b").title == "4-B"
    assert record(prepared, delta, LATER).counts["enrolments"] == Counts()


def test_enrolments_of_people_who_left_end(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    left = [Subject.objects.get(external_id="ali").pk]
    counts = record(prepared, given(enrolled("ali")), LATER, removed=left).counts["enrolments"]
    assert counts == Counts(ended=1)
    assert (periods("ali")[0][2], periods("bano")[0][2]) == ("2026-10-01", None)


def test_changed_days_are_corrected_and_an_end_before_the_start_is_the_start(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    changed = [enrolled("ali", ends_on=date(2027, 6, 1)), enrolled("bano", ends_on=date(2026, 1, 1))]
    assert record(prepared, given(*changed), LATER).counts["enrolments"] == Counts(changed=2)
    assert periods("ali") == [("4a", FIRST, "2027-06-01")]
    assert periods("bano") == [("4a", FIRST, FIRST)]
    record(prepared, given(enrolled("bano"), complete=ALL), LATER)
    assert periods("ali") == [("4a", FIRST, "2026-10-01")]


def test_rows_that_cannot_be_matched_are_left_out_and_repeated_ones_count_once(prepared):
    rows = [
        enrolled("ali"),
        enrolled("ali"),  # the same id
        enrolled("ali", external_id="other"),  # the same period under another id
        enrolled("nobody"),
        enrolled("bano", "unknown"),
    ]
    assert record(prepared, given(*rows, complete=ALL), AT).counts["enrolments"] == Counts(added=1)
    assert Enrolment.objects.count() == 1
    kept = [enrolled("ali", "unknown")]  # still listed, in a class that is not known: it goes on
    assert record(prepared, given(*kept, complete=ALL), LATER).counts["enrolments"] == Counts()
    assert periods("ali") == [("4a", FIRST, None)]


def test_rows_without_an_id_are_found_by_class_person_and_role(prepared):
    bare: dict[str, Any] = {"external_id": "", "starts_on": None}
    record(prepared, given(enrolled("ali", **bare)), AT, origin=Origin.API)
    assert (
        record(prepared, given(enrolled("ali", **bare)), LATER, origin=Origin.API).counts["enrolments"].unchanged == 1
    )
    record(prepared, given(enrolled("ali", **bare, gone=True)), LATER, origin=Origin.API)
    assert periods("ali") == [("4a", "2026-09-01", "2026-10-01")]
    record(prepared, given(enrolled("ali", **bare)), LATER + timedelta(days=40), origin=Origin.API)
    assert periods("ali") == [("4a", "2026-09-01", "2026-10-01"), ("4a", "2026-11-10", None)]


def test_a_complete_roster_leaves_what_the_learning_platform_stated(prepared):
    record(prepared, given(enrolled("ali")), AT, origin=Origin.API)
    nothing = GivenRows(schools=[], classes=[], enrolments=[], complete=ALL)
    assert {one.written for one in record(prepared, nothing, LATER).counts.values()} == {0}


def test_an_ended_school_that_is_listed_again_is_in_use_again(prepared):
    record(prepared, given(complete=ALL), AT)
    record(prepared, GivenRows(schools=[], complete=frozenset({SCHOOL_PART})), LATER)
    assert set(School.objects.values_list("ended_at", flat=True)) == {LATER}
    renamed = SchoolRow(2, "lyari", "Lyari Girls’ School", "school", "", gone=False)
    assert record(prepared, GivenRows(schools=[renamed]), LATER).counts["schools"] == Counts(changed=1)
    lyari = School.objects.get(external_id="lyari")
    assert (lyari.name, lyari.parent, lyari.ended_at) == ("Lyari Girls’ School", None, None)


def test_a_person_who_is_being_erased_gets_no_enrolment_and_an_erased_one_has_none(prepared):
    record(prepared, given(enrolled("ali"), enrolled("bano")), AT)
    ali, bano = (Subject.objects.get(external_id=name) for name in ("ali", "bano"))
    start_erasure(ali, actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    assert record(prepared, given(enrolled("ali", "4b")), LATER).counts["enrolments"] == Counts()
    erase_subject(bano, actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    assert set(Enrolment.objects.values_list("subject_id", flat=True)) <= {ali.pk}


def test_the_wrong_role_and_another_client_are_refused(prepared, cast):
    with pytest.raises(NotAllowed):
        record(prepared, given(), AT, actor=cast.actor("bilal"))
    with pytest.raises(NotAllowed):
        record(prepared, given(), AT, actor=cast.actor("celia"))
    assert not School.objects.exists()


def test_another_client_sees_no_rows_and_may_use_the_same_ids(cast):
    with in_client(cast.client_id("indus")):
        SubjectFactory(client=cast.client("indus"), external_id="ali")
        indus = cast.client("indus")
        record(indus, given(enrolled("ali")), AT)
    with in_client(cast.client_id("khyber")):
        assert [model.objects.count() for model in (School, Term, SchoolClass, ClassTerm, Enrolment)] == [0] * 5
        with pytest.raises(ContextMissing):
            record(indus, given(), AT)
        counts = record(cast.client("khyber"), given(enrolled("ali")), AT).counts
        assert (counts["classes"], counts["enrolments"]) == (Counts(added=3), Counts())


def test_the_database_refuses_an_end_before_the_start_and_a_second_open_period(prepared):
    record(prepared, given(enrolled("ali")), AT)
    row = Enrolment.objects.get()
    values = {name: getattr(row, name) for name in ("client", "school_class", "subject", "role", "origin", "starts_on")}
    for broken in ({"ends_on": date(2026, 1, 1)}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Enrolment.objects.create(**values, **broken, recorded_at=AT)
    assert Enrolment.objects.count() == 1

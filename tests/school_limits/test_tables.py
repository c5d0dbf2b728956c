# ruff: noqa: E501, S608 -- SQL reads better in one line; names of our own tables
"""Attacks by raw SQL on every table that has rows of a client, as the role of staff limited to schools.

The tables follow from the models: a new one is attacked without anyone thinking of it. Of a table without a row in
tests/project/rows.py only the policies are known (tests/tenancy/catalog.py).
"""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import Error, ProgrammingError, connection, transaction

from children.guardians.models import Guardianship
from children.invitations.models import Invitation
from children.invitations.services.inviting import INVITE_MANY
from children.invitations.tasks import invite_many
from consent.consents.models import Restriction
from consent.consents.services.restrictions import restrict_processing
from consent.paper.models import AnswerState
from consent.paper.services.answers import confirm_waiting
from consent.paper.services.forms import print_form
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import has_hidden_record
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.directory.people.services.people import RecordElsewhere, register_subject
from paktaleem.directory.schools.models import Enrolment, School, SchoolClass
from paktaleem.directory.schools.selectors import EVERYONE
from paktaleem.directory.schools.services.recording import ClassesElsewhere, Move, leave_client, move_pupils
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.operations import list_limited_rights
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import Link
from paktaleem.foundation.tenancy.tables import Limited, Scope
from paktaleem.foundation.upkeep.runs.services import begin_run
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import cancel_erasure, decide_erasure
from rights.packages.models import Package
from rights.packages.services import hand_over_package, request_package
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request
from tests.cast import Cast
from tests.children.guardians import guardian_of, make_guardian, verified_guardian
from tests.console.pages import row_url
from tests.erasures import steps
from tests.factories import CAST_AT, SETTING_UP, SubjectFactory
from tests.merges.making import SECOND, linked, second_record, taken_apart
from tests.paper.typing_in import enter, form_for, page_of, said
from tests.rights.cases import AT, decided, received
from tests.rights.packing import build
from tests.school_limits.limiting import enrol, make_head, make_school
from tests.signing_in import browser_of
from tests.tenancy.catalog import link_to_people, links_to_people, walled

PEOPLE = "people_subject"
JOURNALLED = Link(True, "subject_id", PEOPLE)


def run(statement, values=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def tables():
    return sorted(table for table, wall in walled().items() if wall.scope is Scope.TENANT and "SELECT" in wall.rights)


def key_of(table):
    [(name,)] = run(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indisprimary AND i.indrelid = %s::regclass",
        [table],
    )
    return str(name)


@contextmanager
def limited_to(cast, *schools):
    with in_client(cast.client_id("indus"), schools=frozenset(schools)):
        yield


def refused(statement, values=None):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return bool(cursor.rowcount == 0)
    except Error:
        return True


def is_about_no_one(table):
    wall = walled()[table]
    return wall.limited is Limited.READ or (wall.limited is Limited.CLASSES and link_to_people(table) is None)


def copy_of(table, row):
    of_table = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND (attgenerated <> '' OR attname = %s)"
    generated = {name for (name,) in run(of_table, [table, "school_ids" if table == PEOPLE else ""])}
    columns = ", ".join(f'"{one}"' for one in row if one not in generated)
    copied = {**row, key_of(table): str(uuid4()) if isinstance(row[key_of(table)], str) else 2_000_000_000}
    source = f"jsonb_populate_record(NULL::{table}, %s)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}", [json.dumps(copied)]


def stored(table):
    found = run(f"SELECT to_jsonb(t) FROM {table} t LIMIT 5")
    return [json.loads(row) if isinstance(row, str) else row for (row,) in found]


def test_a_school_without_people_sees_and_writes_no_row_about_people(cast_of_rows):
    cast, found = cast_of_rows, dict[str, list[Any]]()
    faults, empty = list[str](), list[str]()
    with in_client(cast.client_id("indus")):
        for table in tables():
            found[table] = [(row, *copy_of(table, row)) for row in stored(table)]
    with limited_to(cast, uuid4()):
        for table, rows in found.items():
            empty += [] if rows else [table]
            is_shared = is_about_no_one(table)
            if not is_shared and run(f"SELECT 1 FROM {table}"):
                faults.append(f"{table}: shows rows")
            for statement in (f"UPDATE {table} SET {key_of(table)} = {key_of(table)}", f"DELETE FROM {table}"):
                faults += [] if refused(statement) else [f"{table}: {statement}"]
            journal = walled()[table].limited is Limited.JOURNAL
            for row, statement, values in rows:
                if table != PEOPLE and not (journal and row["subject_id"] is None) and not refused(statement, values):
                    faults.append(f"{table}: takes a copy")
    assert faults == []
    assert len(found) - len(empty) > 100, "or the attacks prove little"


def test_every_table_shows_the_rows_of_those_people_and_no_others(cast_of_rows):
    cast = cast_of_rows
    own = {(str(cast.client_id("indus")),), (str(PAKTALEEM),)}
    north = make_school(cast, "north", cast.subject_id("danish"))
    with limited_to(cast, north):
        expected = {PEOPLE: {key for (key,) in run(f"SELECT id::text FROM {PEOPLE}")}}
    assert str(cast.subject_id("danish")) in expected[PEOPLE]
    assert str(cast.subject_id("hamza")) not in expected[PEOPLE]

    def should_show(table):
        if table not in expected:
            link = JOURNALLED if walled()[table].limited is Limited.JOURNAL else link_to_people(table)
            expected[table] = set()
            if link is not None:
                shown = should_show(link.table)
                found = run(f"SELECT {key_of(table)}::text, {link.column}::text, client_id::text FROM {table}")
                expected[table] = {key for key, about, client in found if about in shown and (client,) in own}
        return expected[table]

    about_people = [one for one in tables() if not is_about_no_one(one) and walled()[one].limited != "by_schools"]
    with in_client(cast.client_id("indus")):
        for table in about_people:
            should_show(table)
    with limited_to(cast, north):
        shown = {table: {key for (key,) in run(f"SELECT {key_of(table)}::text FROM {table}")} for table in about_people}
    assert {one for one in about_people if shown[one] != expected[one]} == set()
    some = ("people_subjectkey", "people_historicalsubject", "people_guardianclaim", "schools_enrolment")
    assert all(expected[table] for table in some), "or the comparison proves nothing"


def turned(table, column, other):
    faults = [] if refused(f"UPDATE {table} SET {column} = %s", [other]) else [f"{table}.{column} is changed"]
    for row in stored(table)[:1]:
        statement, values = copy_of(table, {**row, column: str(other)})
        faults += [] if refused(statement, values) else [f"{table}.{column} is added"]
    return faults


def test_no_row_is_moved_to_or_from_people_of_another_school(cast_of_rows):
    cast, tried = cast_of_rows, 0
    hidden, faults = dict[str, list[Any]](), list[str]()
    north = make_school(cast, "north", cast.subject_id("danish"))
    make_school(cast, "south", cast.subject_id("hamza"))
    with in_client(cast.client_id("indus")):
        everything = {table: {key for (key,) in run(f"SELECT {key_of(table)} FROM {table}")} for table in tables()}
    with limited_to(cast, north):
        for table in tables():
            shown = {key for (key,) in run(f"SELECT {key_of(table)} FROM {table}")}
            hidden[table] = sorted(everything[table] - shown, key=str)
        writable = [table for table, rights in list_limited_rights().items() if rights & {"INSERT", "UPDATE"}]
        for table in sorted(hidden.keys() & set(writable)):
            for link in (one for one in links_to_people(table) if hidden.get(one.table)):
                faults += turned(table, link.column, hidden[link.table][0])
                tried += 1
    assert faults == []
    assert tried > 100


@pytest.mark.parametrize("statement", [
    "INSERT INTO schools_enrolment SELECT gen_random_uuid(), client_id, (SELECT id FROM schools_schoolclass WHERE external_id = 'south'), subject_id, role, '', origin, stated_on, starts_on, ends_on, recorded_at, ended_at FROM schools_enrolment",
    "UPDATE schools_enrolment SET school_class_id = (SELECT id FROM schools_schoolclass WHERE external_id = 'south')",
    "UPDATE schools_schoolclass SET title = 'x' WHERE external_id = 'south'",
    "UPDATE schools_schoolclass SET school_id = (SELECT id FROM schools_school WHERE external_id = 'north') WHERE external_id = 'south'",
    "UPDATE schools_schoolclass SET school_id = (SELECT id FROM schools_school WHERE external_id = 'south') WHERE external_id = 'north'",
    "DELETE FROM schools_enrolment WHERE school_class_id = (SELECT id FROM schools_schoolclass WHERE external_id = 'south')",
    "UPDATE people_subject SET language = 'ur' WHERE external_id = 'lms-hamza'",
    "INSERT INTO people_subject (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at) SELECT gen_random_uuid(), client_id, 'lms-hamza', role, language, true, registered_at, changed_at FROM people_subject WHERE external_id = 'lms-danish' ON CONFLICT (client_id, external_id) DO UPDATE SET language = 'ur'",
])  # fmt: skip
def test_no_row_of_another_school_is_written(cast, statement):
    north = make_school(cast, "north", cast.subject_id("danish"))
    make_school(cast, "south", cast.subject_id("hamza"), cast.subject_id("danish"))
    with limited_to(cast, north):
        own = "UPDATE schools_schoolclass SET title = 'y' WHERE external_id = 'north'"
        assert not refused(own)
        assert refused(statement)


# The work of an administrator limited to one school, with the services that the console calls, as the limited role.


PORTAL = "https://privacy.example"


class HeadsCast(Cast):
    """The cast in which Farah is limited to these schools."""

    def __init__(self, cast, *schools, user=None):
        super().__init__(cast._values)
        own = user or make_head(cast, *schools)
        self.head: Actor = user_actor(own.pk, "client_admin", cast.client_id("indus"), schools=schools)

    def actor(self, name):
        return self.head if name == "farah" else super().actor(name)


@pytest.fixture
def north(cast):
    people = [cast.subject_id(name) for name in ("danish", "junaid")]
    school = make_school(cast, "north", *people)
    make_school(cast, "south", cast.subject_id("hamza"))
    limited = HeadsCast(cast, school)
    with in_client(cast.client_id("indus"), schools=frozenset([school])):
        yield limited


def who(cast, **values):
    return {"actor": cast.head, "at": AT, **values}


def test_people_are_added_and_corrected_and_no_one_of_another_school_is_taken_over(north):
    client = north.client("indus")
    new, is_new = register_subject("lms-new", client=client, details={"role": "student"}, **who(north))
    assert is_new
    assert Subject.objects.filter(pk=new.pk).exists(), "until a class says where the pupil is"
    enrol(SchoolClass.objects.get(external_id="north"), new.pk)
    register_subject("lms-new", client=client, details={"language": "ur"}, **who(north))
    with pytest.raises(ValidationError, match="has a person with this LMS id already"):
        register_subject("lms-hamza", client=client, details={"role": "student"}, **who(north))
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        enrol(SchoolClass.objects.get(external_id="south"), new.pk)


def test_a_new_person_is_shown_in_the_organisation_above_too(cast):
    client_id = cast.client_id("indus")
    network, school = make_school(cast, "network"), make_school(cast, "north")
    with in_client(client_id):
        School.objects.filter(pk=school).update(parent_id=network)
    head = HeadsCast(cast, school).head
    with in_client(client_id, schools=frozenset([school])):
        by = {"client": cast.client("indus"), "actor": head, "at": AT}
        new, _is_new = register_subject("lms-new", details={"role": "student"}, **by)
    with in_client(client_id, schools=frozenset([network])):
        assert Subject.objects.filter(pk=new.pk).exists()


@pytest.mark.parametrize("leave", ["one class", "every class", "the client"])
def test_no_one_is_taken_from_a_class_of_another_school(cast, leave):
    client_id, danish = cast.client_id("indus"), cast.subject_id("danish")
    schools = [make_school(cast, "north", danish), make_school(cast, "new")]
    make_school(cast, "south", danish)
    head = HeadsCast(cast, *schools).head
    by: dict[str, Any] = {"actor": head, "reason": Reason.REVIEW, "at": AT}
    with in_client(client_id, schools=frozenset(schools)):
        subject = Subject.objects.get(pk=danish)
        north, new = (SchoolClass.objects.get(external_id=name).pk for name in ("north", "new"))
        move = Move(people=[danish], leaving=[north] if leave == "one class" else None, joining=[new], on=AT.date())
        if leave == "one class":
            assert move_pupils(move, client=subject.client, **by) == 1
        else:
            with pytest.raises(ClassesElsewhere), transaction.atomic():
                leave_client(subject, **by) if leave == "the client" else move_pupils(move, client=subject.client, **by)
        there = Enrolment.objects.filter(subject=danish, ended_at=None).values_list("school_class__title", flat=True)
        assert set(there) == {"south", "new" if leave == "one class" else "north"}


def test_an_erased_person_is_not_registered_again_by_limited_staff(cast, now):
    client_id = cast.client_id("indus")
    school = make_school(cast, "north", cast.subject_id("danish"))
    head = HeadsCast(cast, school).head
    with in_client(client_id):
        erase_subject(cast.subject("hamza"), actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    with in_client(client_id, schools=frozenset([school])), pytest.raises(AlreadyErased):
        register_subject("lms-hamza", client=cast.client("indus"), details={"role": "student"}, actor=head, at=now)


def test_forms_on_paper_are_made_printed_and_entered_within_the_school(north):
    junaid = north.subject("junaid")
    run = form_for(north, [junaid], AT, ["newsletter"])
    assert print_form(run, address=PORTAL, reason=Reason.REVIEW, **who(north)).startswith(b"%PDF")
    later = AT + timedelta(days=2)
    [answer] = enter(north, later, said(page_of(run, junaid), day=date(2026, 10, 2)), actor=north.head)
    assert confirm_waiting(run, actor=north.head, at=later).number == 1
    answer.refresh_from_db()
    assert answer.state == AnswerState.CONFIRMED


def test_a_task_in_the_worker_stays_within_the_schools_of_who_asked(cast):
    client_id = cast.client_id("indus")
    school = make_school(cast, "north", cast.subject_id("junaid"), cast.subject_id("danish"))
    south = make_school(cast, "south", cast.subject_id("hamza"))
    head = HeadsCast(cast, school)
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'north'", [south])
    by = {"user": str(head.head.id), "role": "client_admin"}
    asked = {"client": str(client_id), "chosen": EVERYONE.to_text(), **by, "portal": PORTAL}
    invite_many(**asked, run=begun(client_id, head.head, school))
    with in_client(client_id):
        assert not Invitation.objects.exists()
        assert not Guardianship.objects.exists()
    invite_many(**asked, run=begun(client_id, head.head, south))
    with in_client(client_id):
        assert Invitation.objects.exists()


def test_the_list_of_a_form_whose_people_have_left_the_school_is_empty(cast):
    client_id, school = cast.client_id("indus"), make_school(cast, "north", cast.subject_id("junaid"))
    south = make_school(cast, "south")
    user = make_head(cast, school)
    head = HeadsCast(cast, school, user=user)
    with in_client(client_id, schools=frozenset([school])):
        run = form_for(head, [cast.subject("junaid")], AT, ["newsletter"])
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'north'", [south])
    answer = browser_of(user).get(f"/admin/paper/formrun/{run.pk}/enter/")
    assert answer.status_code == 200
    assert "lms-junaid" not in answer.content.decode()


def begun(client_id, actor, school):
    limited = replace(actor, schools=frozenset([school]))
    with in_client(client_id, schools=limited.schools):
        return str(begin_run(INVITE_MANY, client_id=client_id, total=1, actor=limited, at=AT).pk)


PERSON = "people/subject"


class TwoSchools:
    """The heads of North and South; each school has a pupil, and both pupils have the same mother, whom they named."""

    def __init__(self, cast):
        self.cast, self.indus = cast, cast.client_id("indus")
        with in_client(self.indus):
            client = cast.client("indus")
            self.northern = SubjectFactory(client=client, external_id="lms-northern", full_name="Northern Pupil")
            self.southern = SubjectFactory(client=client, external_id="lms-southern", full_name="Southern Pupil")
            self.mother = make_guardian(client, "mother-of-two", at=CAST_AT)
            self.ties = [guardian_of(child, self.mother, at=CAST_AT) for child in (self.northern, self.southern)]
        self.north = make_school(cast, "north", self.northern.pk, cast.subject_id("junaid"))
        self.south = make_school(cast, "south", self.southern.pk)
        self.heads = {
            one: make_head(cast, school, email=f"{one}@indus.example")
            for one, school in (("north", self.north), ("south", self.south))
        }

    def browser(self, school):
        return browser_of(self.heads[school])

    def limited(self, school):
        return in_client(self.indus, schools=frozenset([getattr(self, school)]))

    def actor(self, school):
        return HeadsCast(self.cast, getattr(self, school), user=self.heads[school])

    def enrol(self, person, school, **days):
        with in_client(self.indus):
            school_class = SchoolClass.objects.get(external_id=school)
            given = {"client_id": self.indus, "role": "student", "origin": "api", "recorded_at": CAST_AT}
            Enrolment.objects.create(school_class=school_class, subject=person, **given, **days)

    def shown(self, school):
        with self.limited(school):
            return {str(one) for one in Subject.objects.values_list("external_id", flat=True)}


@pytest.fixture
def two(cast):
    return TwoSchools(cast)


def test_a_pupil_in_two_schools_is_one_row_for_the_heads_of_both(two):
    two.enrol(two.northern, "south", starts_on=date(2026, 9, 1))
    assert "lms-northern" in two.shown("north") & two.shown("south")
    page = two.browser("north").get(row_url(PERSON, two.northern.pk)).content.decode()
    assert "north" in page
    assert "south" in page, "the class at the other school is about this pupil"
    assert "lms-southern" not in page
    with two.limited("south"):
        restrict_processing(Subject.objects.get(pk=two.northern.pk), **who(two.actor("south"), reason=Reason.REVIEW))
    with two.limited("north"):
        assert Restriction.objects.get().subject_id == two.northern.pk, "a restriction is of the person"


def test_an_own_pupil_leaves_and_stays_with_the_school(two):
    url = row_url(PERSON, two.northern.pk, "moves-away")
    assert two.browser("north").post(url, {"portability": "none", "reason": "review"}).status_code == 302
    with in_client(two.indus):
        assert not Enrolment.objects.filter(subject=two.northern, ended_at=None).exists()
        assert not Subject.objects.get(pk=two.northern.pk).is_account_open
    assert "lms-northern" in two.shown("north")


def test_a_teacher_who_is_a_parent_elsewhere_is_shown_without_the_child(two):
    junaid = two.cast.subject_id("junaid")
    with in_client(two.indus):
        teacher = two.cast.subject("junaid")
        tie = verified_guardian(two.southern, teacher, at=CAST_AT)
        assert two.cast.subject("junaid").roles == ("instructor", "guardian")
    assert "lms-junaid" in two.shown("north") & two.shown("south")
    for page in (row_url(PERSON, junaid), row_url(PERSON, junaid, "history"), "/admin/guardians/guardianship/"):
        answer = two.browser("north").get(page)
        assert answer.status_code == 200
        assert "lms-southern" not in answer.content.decode(), page
        assert str(two.southern.pk) not in answer.content.decode(), page
    assert two.browser("north").get(row_url("guardians/guardianship", tie.pk)).status_code == 404
    assert two.browser("south").get(row_url("guardians/guardianship", tie.pk)).status_code == 200


def test_a_guardian_of_two_children_is_shown_with_the_own_one(two):
    for school, other in (("north", "lms-southern"), ("south", "lms-northern")):
        head = two.browser(school)
        assert other not in head.get(row_url(PERSON, two.mother.pk)).content.decode()
        assert other not in head.get("/admin/guardians/guardianship/").content.decode()
        ties = [head.get(row_url("guardians/guardianship", tie.pk)).status_code for tie in two.ties]
        assert ties == ([200, 404] if school == "north" else [404, 200])


def test_the_end_of_the_tie_to_the_own_child_takes_the_guardian_from_the_school(two):
    """The statement that ends the tie hides the guardian; its history and the ledger are written all the same."""
    head = two.browser("north")
    url = row_url("guardians/guardianship", two.ties[0].pk, "end")
    assert head.get(url).status_code == 200
    ended = head.post(url, {"reason": "review"})
    assert ended.status_code == 302, ended.content.decode()
    assert "lms-mother-of-two" not in two.shown("north")
    assert "lms-mother-of-two" in two.shown("south")
    with in_client(two.indus):
        row = Guardianship.objects.get(pk=two.ties[0].pk)
        assert row.ends_at is not None
        assert row.history.count() == 2
        assert Entry.objects.filter(kind="guardian.ended", subject_id=two.northern.pk).exists()
        assert Guardianship.objects.get(pk=two.ties[1].pk).ends_at is None


@pytest.fixture
def heads(cast):
    """Return the cast with a head of North, where Junaid is; his second record is at South."""
    indus = cast.client_id("indus")
    with in_client(indus):
        second = second_record(cast, full_name="Junaid the Second")
        linked(cast.subject("junaid"), second, cast, AT)
    school = make_school(cast, "north", cast.subject_id("junaid"))
    make_school(cast, "south", second.pk)
    return HeadsCast(cast, school)


def test_a_record_is_hidden_only_while_it_is_linked_and_of_another_school(heads, cast):
    indus, junaid = heads.client_id("indus"), heads.subject_id("junaid")
    with in_client(indus):
        second = Subject.objects.get(external_id=SECOND)
        assert not has_hidden_record(cast.subject("junaid")), "nothing is hidden from one without a limit"
    with in_client(indus, schools=frozenset([make_school(cast, "both", junaid, second.pk)])):
        assert not has_hidden_record(cast.subject("junaid"))
    with in_client(indus, schools=heads.head.schools):
        assert not Subject.objects.filter(external_id=SECOND).exists()
        assert has_hidden_record(cast.subject("junaid"))
    with in_client(indus):
        taken_apart(cast.subject("junaid"), second, cast, AT)
    with in_client(indus, schools=heads.head.schools):
        assert not has_hidden_record(cast.subject("junaid"))


def test_a_copy_of_both_records_is_neither_ordered_nor_handed_over(heads, cast):
    indus = heads.client_id("indus")
    with in_client(indus, schools=heads.head.schools):
        waiting = received(heads, "access", subject="junaid")
        with pytest.raises(RecordElsewhere):
            decided(heads, waiting)
        assert not Package.objects.exists()
    with in_client(indus):
        request = decided(cast, RightsRequest.objects.get(pk=waiting.pk))
        steps.waive_all(cast, AT, parent_id=request.pk)
        assert build(request) is not None
        answer_request(request, text="Your copy.", actor=cast.actor("farah"), at=AT)
    with in_client(indus, schools=heads.head.schools):
        request = RightsRequest.objects.get(pk=waiting.pk)
        with pytest.raises(RecordElsewhere):
            hand_over_package(request, reason="review", **who(heads))
        with pytest.raises(RecordElsewhere):
            request_package(request, left_out=[], **who(heads))
    with in_client(indus), pytest.raises(Refused, match="A contact is on file, so the copy is fetched "):
        hand_over_package(request, reason="review", actor=cast.actor("farah"), at=AT)


def test_an_erasure_of_both_records_is_neither_proposed_nor_approved_nor_cancelled(heads):
    indus = heads.client_id("indus")
    with in_client(indus):
        steps.proposed(heads, "junaid")
    with in_client(indus, schools=heads.head.schools):
        own = ErasureProposal.objects.get()
        for act in (partial(decide_erasure, approve=True), partial(decide_erasure, approve=False), cancel_erasure):
            with pytest.raises(RecordElsewhere):
                act(own, **who(heads))
    with in_client(indus):
        assert set(ErasureProposal.objects.values_list("stage", flat=True)) == {"proposed"}
        assert ErasureProposal.objects.count() == 2

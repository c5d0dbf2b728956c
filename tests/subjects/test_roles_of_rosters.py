"""People with several roles in rosters: a teacher who is also a parent is one person."""

from datetime import timedelta

import pytest

from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.oneroster.users import Person, StatedRoles
from paktaleem.directory.schools.rosters.importing.run import merge_roles
from paktaleem.directory.schools.rows import Tally
from paktaleem.foundation.accounts.actors import system_actor
from tests.rosters import clean_network
from tests.subjects.test_spreadsheet import DANISH, FARHAN, as_csv, lines

IMPORTER = system_actor("import_roster")
MAIN, ALL, CHANGES = StatedRoles
TEACHER_AND_PARENT = ("instructor", "guardian")


def roles_of(external_id):
    return Subject.objects.get(external_id=external_id).roles


def teacher_and_parent():
    package = clean_network().as_version_1_2()
    package.give_role("farhan", "parent", "secondary")
    package.row("users.csv", "danish")["agentSourcedIds"] = "farhan"
    return package


def stated(role, *others, ended=()):
    return Person("p", role, None, None, None, None, None, other_roles=others, ended_roles=ended)


@pytest.mark.parametrize(
    ("person", "known", "mode", "roles"),
    [
        (stated("instructor", "guardian"), (), ALL, TEACHER_AND_PARENT),
        (stated("instructor"), TEACHER_AND_PARENT, ALL, ("instructor",)),
        (stated("instructor"), TEACHER_AND_PARENT, MAIN, TEACHER_AND_PARENT),
        (stated("administrator"), TEACHER_AND_PARENT, MAIN, ("administrator", "guardian")),
        (stated("instructor", "administrator"), TEACHER_AND_PARENT, MAIN, ("instructor", "administrator", "guardian")),
        (stated("student", "instructor"), ("learner",), ALL, ("learner", "instructor")),
        (stated(None), TEACHER_AND_PARENT, CHANGES, TEACHER_AND_PARENT),
        (stated(None, "guardian"), ("instructor",), CHANGES, TEACHER_AND_PARENT),
        (stated("administrator"), TEACHER_AND_PARENT, CHANGES, ("administrator", "guardian")),
        (stated(None, ended=("guardian",)), TEACHER_AND_PARENT, CHANGES, ("instructor",)),
        (stated(None, ended=("instructor",)), TEACHER_AND_PARENT, CHANGES, ("guardian",)),
        (stated(None, ended=("instructor",)), ("instructor",), CHANGES, ("instructor",)),
    ],
)
def test_a_roster_changes_the_roles_that_it_states(person, known, mode, roles):
    found = merge_roles(person, known, mode)
    assert (found["role"], *found["other_roles"]) == roles


@pytest.mark.parametrize("is_named", [True, False])
def test_a_guardian_of_a_child_stays_one_beside_a_new_main_role(is_named):
    found = merge_roles(stated("instructor"), ("guardian",), MAIN, is_named_guardian=is_named)
    assert found == {"role": "instructor", "other_roles": ("guardian",) if is_named else ()}


def test_roles_csv_states_all_roles_and_a_delta_adds_and_ends_them(bring):
    bring(teacher_and_parent())
    assert roles_of("farhan") == ("instructor", "guardian")
    assert GuardianClaim.objects.get(child__external_id="danish").guardian.external_id == "farhan"
    assert bring(teacher_and_parent()).people["instructor"] == Tally(unchanged=1)

    delta = teacher_and_parent().as_delta(farhan="active").without("users.csv")
    parents = [row for row in delta.tables["roles.csv"] if row["role"] == "parent"]
    delta.tables["roles.csv"] = [{**row, "status": "tobedeleted"} for row in parents]
    delta.give_role("farhan", "principal", "secondary")
    delta.tables["roles.csv"][-1] |= {"status": "active", "dateLastModified": "2026-10-01T08:00:00Z"}
    bring(delta)
    assert roles_of("farhan") == ("instructor", "administrator")
    latest = Subject.objects.get(external_id="farhan").history.order_by("history_date", "history_id").last()
    assert latest.other_roles == ["administrator"]


def test_version_1_1_and_a_spreadsheet_keep_the_other_roles(bring, cast, now):
    bring(clean_network())
    details = {"role": "instructor", "other_roles": ("guardian",)}
    register_subject("farhan", client=cast.client("indus"), details=details, actor=IMPORTER, at=now)
    bring(clean_network())
    assert roles_of("farhan") == ("instructor", "guardian")
    bring(as_csv(lines({**FARHAN, "ID": "farhan", "Role": "Teacher, Administrator"})))
    assert roles_of("farhan") == ("instructor", "administrator", "guardian")


BY_ID = {name: text for name, text in DANISH.items() if not name.startswith("Guardian")}


def test_a_registered_teacher_is_named_as_a_guardian_by_id_and_nothing_else_changes(bring, cast, now):
    details = {"role": "instructor", "full_name": "Farhan Iqbal", "email": "farhan@school.example"}
    early = now - timedelta(days=1)
    register_subject("t-1", client=cast.client("indus"), details=details, actor=IMPORTER, at=early)
    before = Subject.objects.get(external_id="t-1")
    row = {**BY_ID, "Guardian 1 ID": "t-1", "Guardian 1 relationship": "parent"}
    report = bring(as_csv(lines(row)))
    after = Subject.objects.get(external_id="t-1")
    assert (after.roles, after.email, after.full_name) == (("instructor", "guardian"), before.email, before.full_name)
    claim = GuardianClaim.objects.get(child__external_id="s-1")
    assert (claim.guardian.external_id, claim.relationship, report.relations.added) == ("t-1", "parent", 1)
    assert bring(as_csv(lines(row))).relations == Tally(unchanged=1)


def test_a_teacher_of_the_same_file_is_named_as_a_guardian_by_id(bring):
    bring(as_csv(lines({**BY_ID, "Guardian 2 ID": "t-1"}, FARHAN)))
    assert roles_of("t-1") == ("instructor", "guardian")
    assert GuardianClaim.objects.get(child__external_id="s-1").relationship == "guardian"


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"Guardian 1 ID": "unknown"}, "Guardian 1 ID", "no person with this ID"),
        ({"Guardian 1 ID": "lms-kiran"}, "Guardian 1 ID", "no person with this ID"),  # of another client
        ({"Guardian 1 ID": "s-1"}, "Guardian 1 ID", "the student's own ID"),
        ({"Guardian 1 ID": "a@school.example"}, "Guardian 1 ID", "contains an @"),
        ({"Guardian 2 ID": "t-1", "Guardian 2 phone": "+923001234567"}, "Guardian 2 phone", "must be empty beside"),
        ({"Guardian 1 ID": "t-1", "Role": "teacher"}, "Guardian 1 ID", "only students have guardians"),
        ({"Guardian 1 ID": "t-2"}, "Guardian 1 ID", "closed in another row"),
    ],
)
def test_a_wrong_id_of_a_guardian_is_refused_with_its_row_and_column(bring, cells, column, message):
    left = {**FARHAN, "ID": "t-2", "Account": "closed"}
    with pytest.raises(RosterInvalid) as refused:
        bring(as_csv(lines(FARHAN, left, {**BY_ID, **cells})))
    [problem] = refused.value.problems
    assert (problem.row, problem.column) == (4, column)
    assert message in problem.message
    assert not GuardianClaim.objects.filter(child__external_id="s-1").exists()

"""Forms on paper, invitations and tasks of an administrator limited to one school."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from children.guardians.models.guardians import Guardianship
from children.invitations.models import Invitation
from children.invitations.services.inviting import INVITE_MANY, invite_guardian
from children.invitations.tasks import invite_many
from consent.paper.models import EntryState, SheetEntry
from consent.paper.services.forms import print_form
from consent.paper.services.sheets import confirm_matched, upload_sheet
from consent.paper.sheets import SheetInvalid
from consent.paper.tasks import confirm_matched_rows
from paktaleem.directory.schools.selections import EVERYONE
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.runs.services import begin_run
from tests.cast import Cast
from tests.paper.sheets import code_of, entries_of, form_for, line, sheet_of
from tests.rights.cases import AT
from tests.school_limits.limiting import make_head, make_school
from tests.school_limits.test_work import PORTAL, HeadsCast, north, who
from tests.signing_in import browser_of

__all__ = ["north"]  # fixtures


def test_a_guardian_whom_the_school_names_is_invited(north: HeadsCast) -> None:
    danish, esra = north.subject("danish"), north.subject("esra")
    assert invite_guardian(danish, guardian=esra, portal=PORTAL, **who(north)).child_id == danish.pk


def test_forms_on_paper_are_made_printed_and_read_within_the_school(north: HeadsCast) -> None:
    run = form_for(north, [north.subject("junaid")], AT, ["newsletter"])
    assert print_form(run, address=PORTAL, reason=Reason.REVIEW, **who(north)).startswith(b"%PDF")
    client, later = north.client("indus"), AT + timedelta(days=2)
    with pytest.raises(SheetInvalid):
        upload_sheet(sheet_of(line("1111-1111", answered_on="2026-10-02")), client=client, actor=north.head, at=later)
    answered = line(code_of(run, north.subject("junaid")), answered_on="2026-10-02")
    sheet = upload_sheet(sheet_of(answered), client=client, actor=north.head, at=later)
    confirm_matched(sheet, actor=north.head, at=later)
    assert [one.state for one in entries_of(sheet)] == [EntryState.CONFIRMED]


def test_a_task_in_the_worker_stays_within_the_schools_of_who_asked(cast: Cast, settings: Any) -> None:
    """Also when a person has moved away between the confirmation and the task."""
    settings.ANSWERS_AT_ONCE = 0
    client_id, school = (
        cast.client_id("indus"),
        make_school(cast, "north", cast.subject_id("junaid"), cast.subject_id("danish")),
    )
    south = make_school(cast, "south", cast.subject_id("hamza"))
    head = HeadsCast(cast._values)
    head.head = user_actor(make_head(cast, school).pk, "client_admin", client_id, schools=[school])
    with in_client(client_id, schools=frozenset([school])):
        run = form_for(head, [cast.subject("junaid")], AT, ["newsletter"])
        content = sheet_of(line(code_of(run, cast.subject("junaid")), answered_on="2026-10-02"))
        sheet = upload_sheet(content, client=cast.client("indus"), actor=head.head, at=AT + timedelta(days=2))
        confirm_matched(sheet, actor=head.head, at=AT + timedelta(days=2))
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'north'", [south])
    confirm_matched_rows(client=str(client_id), sheet=str(sheet.pk))
    asked = {
        "client": str(client_id),
        "chosen": EVERYONE.to_text(),
        "user": str(head.head.id),
        "role": "client_admin",
        "portal": PORTAL,
    }
    invite_many(**asked, run=begun(client_id, head.head, school))
    with in_client(client_id):
        assert SheetEntry.objects.get(sheet=sheet).state == EntryState.MATCHED
        assert not Invitation.objects.exists()
        assert not Guardianship.objects.exists()
    invite_many(**asked, run=begun(client_id, head.head, south))
    with in_client(client_id):
        assert Invitation.objects.exists()


def test_the_sheet_of_a_form_whose_people_have_left_the_school_has_no_codes(cast: Cast) -> None:
    client_id, school = cast.client_id("indus"), make_school(cast, "north", cast.subject_id("junaid"))
    south = make_school(cast, "south")
    user, head = make_head(cast, school), HeadsCast(cast._values)
    head.head = user_actor(user.pk, "client_admin", client_id, schools=[school])
    with in_client(client_id, schools=frozenset([school])):
        run = form_for(head, [cast.subject("junaid")], AT, ["newsletter"])
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'north'", [south])
    answer = browser_of(user).get(f"/admin/paper/formrun/{run.pk}/sheet-csv/")
    assert answer.status_code == 200
    header, example = answer.content.decode("utf-8-sig").splitlines()
    assert header.startswith("code,")
    assert example.startswith("#")


def begun(client_id: UUID, actor: Actor, school: UUID) -> str:
    """Begin a run on behalf of the actor, limited to a school, in the context of that school."""
    limited = replace(actor, schools=frozenset([school]))
    with in_client(client_id, schools=limited.schools):
        return str(begin_run(INVITE_MANY, client_id=client_id, total=1, actor=limited, at=AT).pk)

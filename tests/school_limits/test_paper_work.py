"""Forms on paper, invitations and tasks of an administrator limited to one school."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from django.db import connection

from children.guardians.models.guardians import Guardianship
from children.invitations.models import Invitation
from children.invitations.services.inviting import INVITE_MANY
from children.invitations.tasks import invite_many
from consent.paper.models import AnswerState
from consent.paper.services.answers import confirm_waiting
from consent.paper.services.forms import print_form
from paktaleem.directory.schools.selectors import EVERYONE
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.upkeep.runs.services import begin_run
from tests.cast import Cast
from tests.paper.typing_in import enter, form_for, page_of, said
from tests.rights.cases import AT
from tests.school_limits.limiting import make_head, make_school
from tests.school_limits.test_work import PORTAL, HeadsCast, north, who
from tests.signing_in import browser_of

__all__ = ["north"]  # fixtures


def test_forms_on_paper_are_made_printed_and_entered_within_the_school(north: HeadsCast) -> None:
    junaid = north.subject("junaid")
    run = form_for(north, [junaid], AT, ["newsletter"])
    assert print_form(run, address=PORTAL, reason=Reason.REVIEW, **who(north)).startswith(b"%PDF")
    later = AT + timedelta(days=2)
    [answer] = enter(north, later, said(page_of(run, junaid), day=date(2026, 10, 2)), actor=north.head)
    assert confirm_waiting(run, actor=north.head, at=later).number == 1
    answer.refresh_from_db()
    assert answer.state == AnswerState.CONFIRMED


def test_a_task_in_the_worker_stays_within_the_schools_of_who_asked(cast: Cast) -> None:
    """Also when a person has moved away between the request and the task."""
    client_id, school = (
        cast.client_id("indus"),
        make_school(cast, "north", cast.subject_id("junaid"), cast.subject_id("danish")),
    )
    south = make_school(cast, "south", cast.subject_id("hamza"))
    head = HeadsCast(cast._values)
    head.head = user_actor(make_head(cast, school).pk, "client_admin", client_id, schools=[school])
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'north'", [south])
    asked = {
        "client": str(client_id),
        "chosen": EVERYONE.to_text(),
        "user": str(head.head.id),
        "role": "client_admin",
        "portal": PORTAL,
    }
    invite_many(**asked, run=begun(client_id, head.head, school))
    with in_client(client_id):
        assert not Invitation.objects.exists()
        assert not Guardianship.objects.exists()
    invite_many(**asked, run=begun(client_id, head.head, south))
    with in_client(client_id):
        assert Invitation.objects.exists()


def test_the_list_of_a_form_whose_people_have_left_the_school_is_empty(cast: Cast) -> None:
    client_id, school = cast.client_id("indus"), make_school(cast, "north", cast.subject_id("junaid"))
    south = make_school(cast, "south")
    user, head = make_head(cast, school), HeadsCast(cast._values)
    head.head = user_actor(user.pk, "client_admin", client_id, schools=[school])
    with in_client(client_id, schools=frozenset([school])):
        run = form_for(head, [cast.subject("junaid")], AT, ["newsletter"])
    with in_client(client_id), connection.cursor() as cursor:
        cursor.execute("UPDATE schools_schoolclass SET school_id = %s WHERE external_id = 'north'", [south])
    answer = browser_of(user).get(f"/admin/paper/formrun/{run.pk}/enter/")
    assert answer.status_code == 200
    assert "lms-junaid" not in answer.content.decode()


def begun(client_id: UUID, actor: Actor, school: UUID) -> str:
    """Begin a run on behalf of the actor, limited to a school, in the context of that school."""
    limited = replace(actor, schools=frozenset([school]))
    with in_client(client_id, schools=limited.schools):
        return str(begin_run(INVITE_MANY, client_id=client_id, total=1, actor=limited, at=AT).pk)

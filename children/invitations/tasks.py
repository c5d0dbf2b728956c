"""Background tasks about invitations."""

from uuid import UUID

from procrastinate.contrib.django import app

from children.invitations.models import OPEN, Invitation
from children.invitations.selectors import list_children_to_ask_about, without_answer
from children.invitations.services.answering import process_invitations
from children.invitations.services.inviting import INVITE_MANY, invite_guardians_of
from paktaleem.directory.schools.selectors import Selection
from paktaleem.foundation.accounts.actors import system_actor, user_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Role
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.runs.services import advance_run, end_run, find_limit_of_run

AT_ONCE = 50
FOLLOW = "invitations.follow"


@app.periodic(cron="* * * * *", periodic_id="follow_invitations")
@app.task(name=FOLLOW, queueing_lock=FOLLOW, pass_context=False)
def process_all_invitations(timestamp: int) -> None:
    """Every minute, send due confirmations and reminders, record deliveries, and expire unanswered invitations."""
    del timestamp
    with as_officer():
        waiting = Invitation.objects.filter(state__in=sorted(OPEN)).order_by()
        clients = list(waiting.values_list("client_id", flat=True).distinct())
    do_each(clients, _process_invitations_of)


def _process_invitations_of(client_id: UUID) -> None:
    after: UUID | None = None
    while True:
        with in_client(client_id):
            after = process_invitations(client_id, after=after, actor=system_actor(FOLLOW), at=client_now())
        if after is None:
            return


@app.task(name=INVITE_MANY, pass_context=False)
def invite_many(*, client: str, chosen: str, user: str, role: str, portal: str, run: str) -> None:
    """Invite the guardians of chosen children in batches, for the user who confirmed; safe to run again.

    ``run`` shows how far it is, and names the schools to which the user is limited.
    """
    client_id, after = UUID(client), None
    with in_client(client_id):
        limit = find_limit_of_run(UUID(run))
    while True:
        with in_client(client_id, schools=limit):
            actor = user_actor(UUID(user), role, PAKTALEEM if Role(role) in OFFICER_ROLES else client_id, schools=limit)
            owner, at = Client.objects.get(pk=client_id), client_now()
            left = without_answer(list_children_to_ask_about(owner, Selection.from_text(chosen), actor=actor, at=at))
            left = (left.filter(pk__gt=after) if after else left).select_related("client")
            some = list(left.order_by("pk")[:AT_ONCE])
            invite_guardians_of(some, portal=portal, actor=actor, at=at)
            advance_run(UUID(run), client_id=client_id, done=len(some))
            if not some:
                end_run(UUID(run), client_id=client_id, at=at)
                return
        after = some[-1].pk

"""A guardian of the demonstration is asked about a child: the letter lies in the folder of letters."""

from datetime import datetime

from children.invitations.models import Invitation
from children.invitations.services import invite_guardian
from paktaleem.accounts.actors import Actor
from paktaleem.accounts.models import Client
from paktaleem.demo.people import external_id_of
from paktaleem.subjects.models import Subject

__all__ = ["ask_a_guardian"]

_CHILD, _GUARDIAN = "noor", "omar"


def ask_a_guardian(client: Client, *, portal: str, actor: Actor, at: datetime) -> None:
    """Invite one guardian about one child, unless somebody was asked before."""
    if Invitation.objects.filter(client_id=client.pk).exists():
        return
    people = Subject.objects.select_related("client").filter(client_id=client.pk, erased_at=None)
    found = {
        one.external_id: one
        for one in people.filter(external_id__in=[external_id_of(_CHILD), external_id_of(_GUARDIAN)])
    }
    child, guardian = found.get(external_id_of(_CHILD)), found.get(external_id_of(_GUARDIAN))
    if child is not None and guardian is not None:
        invite_guardian(child, guardian=guardian, portal=portal, actor=actor, at=at)

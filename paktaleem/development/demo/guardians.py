"""The demonstration's guardians: one has consented, two disagree, one has an open invitation."""

from datetime import datetime
from typing import Any

from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import name_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.models import Invitation
from children.invitations.services.inviting import invite_guardian
from paktaleem.development.demo.people import external_id_of
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client

_CHILD, _GUARDIAN = "noor", "omar"
_ANSWERS = (
    ("danish", "esra", "given", True),
    ("laila", "ghazal", "given", False),
    ("laila", "bashir", "refused", None),
)
"""Child, guardian, the decision about the service, and about sharing with recipients."""


def fill_guardians(client: Client, *, actor: Actor, at: datetime) -> None:
    """Name and verify guardians and record their decisions: Danish's mother consents, Laila's parents disagree."""
    people = {one.external_id: one for one in Subject.objects.select_related("client").filter(client_id=client.pk)}
    common: dict[str, Any] = {"actor": actor, "at": at}
    for child, guardian, decision, shares in _ANSWERS:
        child_row, guardian_row = people[external_id_of(child)], people[external_id_of(guardian)]
        row = name_guardian(
            child_row, guardian=guardian_row, relationship="parent", may_consent=True, may_receive_data=True, **common
        )
        verify_guardian(row, method="in_person", evidence="Seen at the school office.", **common)
        decision_details: dict[str, Any] = {
            "shares": shares,
            "route": "in_person",
            "evidence": "Said at the school office.",
        }
        record_service_answer(child_row, guardian=guardian_row, decision=decision, **decision_details, **common)


def invite_demo_guardian(client: Client, *, portal: str, actor: Actor, at: datetime) -> None:
    """Invite one guardian about one child, unless an invitation exists."""
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

"""Deletion of guardians' contacts held only to ask for consent, if no answer came in reasonable time.

COPPA, 16 CFR 312.4(c)(1)(vii) and 312.5(c)(1): a contact collected to ask is deleted if no answer comes. People known
only through an invitation are erased. For people named by the school's roster, name and contacts are deleted, since
the record itself belongs to the school. Guardians with an answer or a verification are not affected.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from children.guardians.models.authorisations import ServiceAuthorisation
from children.guardians.models.guardians import Verification
from children.invitations.data_kinds import UNASKED
from children.invitations.models import Invitation
from children.invitations.services.steps import lock_guardian
from children.invitations.states import OPEN
from paktaleem.directory.people.erasure_hooks import list_unheld
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.directory.people.roles import SubjectRole, having_any_role
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.directory.people.services.keys import replace_key
from paktaleem.directory.people.services.locking import lock_unheld_subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.periods.selectors import get_cutoff

INVITED_ONLY = "guardian-"
"""The prefix of the LMS ids of people known only through an invitation."""
_AT_ONCE = 200
_EMPTY = {"full_name": None, "email": None, "phone": None}
_LEARNERS = (SubjectRole.STUDENT, SubjectRole.LEARNER)


def purge_invited_contact(guardian: Subject, *, actor: Actor, at: datetime) -> bool:
    """Delete the contact of a guardian who never answered, unless it is needed or on hold; return True if deleted.

    Follows decision 0032. The guardian must be locked (``lock_guardian``).
    """
    unheld = lock_unheld_subject(guardian, at=at)
    if unheld is None or _is_needed(unheld):
        return False
    _delete_contact(unheld, "never answered", actor, at)
    return True


def _is_needed(guardian: Subject) -> bool:
    pair = {"client_id": guardian.client_id}
    invited = Invitation.objects.filter(**pair, child_id=OuterRef("child_id"), guardian=guardian)
    named = GuardianClaim.objects.filter(**pair, guardian=guardian, ends_at=None, child__erased_at=None)
    return (
        guardian.roles != (SubjectRole.GUARDIAN,)  # a teacher who is also a parent: the school needs the contact
        or named.exclude(Exists(invited)).exists()  # a sibling about whom they have not been asked yet
        or Invitation.objects.filter(**pair, guardian=guardian, state__in=sorted(OPEN)).exists()
        or ServiceAuthorisation.objects.filter(**pair, guardian=guardian).exists()
        or Verification.objects.filter(**pair, guardianship__guardian=guardian).exists()
    )


def _delete_contact(guardian: Subject, why: str, actor: Actor, at: datetime) -> None:
    facts = {"why": why}
    context = {"client_id": guardian.client_id, "subject_id": guardian.pk, "actor": actor, "at": at}
    record_entry("guardian.contact_forgotten", facts=facts, **context)
    if (guardian.external_id or "").startswith(INVITED_ONLY):
        erase_subject(guardian, actor=actor, reason=Reason.REVIEW, at=at)
        return
    client = Client.objects.get(pk=guardian.client_id)
    known = str(guardian.external_id)
    register_subject(known, client=client, details=_EMPTY, actor=actor, reason=Reason.REVIEW, at=at)
    replace_key(guardian, actor=actor, reason=Reason.REVIEW, at=at)  # makes the history's old values unreadable


def list_clients_with_old_contacts(*, at: datetime) -> list[UUID]:
    """List the clients with contacts of guardians who were not asked in time; requires the officers' context."""
    return list(_never_asked(at).order_by().values_list("client_id", flat=True).distinct())


def purge_old_contacts(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Delete contacts of guardians not asked within the period ``UNASKED``; return how many, up to 200 (decision 0032).

    COPPA, 16 CFR 312.5(c)(1). Contacts on hold are kept until the hold is lifted.
    """
    found = list_unheld(_never_asked(at).filter(client_id=client_id).order_by("id"), client_id, at, most=_AT_ONCE)
    return sum(_purge_old_contact(guardian, actor, at) for guardian in found)


@transaction.atomic
def _purge_old_contact(guardian: Subject, actor: Actor, at: datetime) -> bool:
    """Delete a contact, unless its guardian was asked, verified or put on hold meanwhile; return True if deleted."""
    lock_guardian(guardian)
    unheld = lock_unheld_subject(guardian, at=at)
    if unheld is None or not _never_asked(at).filter(client_id=guardian.client_id, pk=guardian.pk).exists():
        return False
    _delete_contact(unheld, "never asked", actor, at)
    return True


def _never_asked(at: datetime) -> QuerySet[Subject]:
    """Filter guardians with an old contact, of children without an answer, who were neither asked nor verified.

    People who have another role too are left out: the school needs their contact.
    """
    own = {"client_id": OuterRef("client_id")}
    answered = ServiceAuthorisation.objects.filter(client_id=OuterRef("client_id"), child_id=OuterRef("child_id"))
    is_child = (
        having_any_role(_LEARNERS, of="child__")
        & Q(child__erased_at=None)
        & (Q(child__of_age_at=None) | Q(child__of_age_at__gt=at))
    )
    claims = GuardianClaim.objects.filter(is_child, **own, guardian_id=OuterRef("pk")).exclude(Exists(answered))
    old = Subject.objects.filter(
        role=SubjectRole.GUARDIAN,
        other_roles=[],
        erased_at=None,
        erasure_started_at=None,
        client__serves_minors=True,
        changed_at__lte=get_cutoff(UNASKED, at=at),
    ).filter(Q(email_index__isnull=False) | Q(phone_index__isnull=False))
    return old.filter(Exists(claims)).exclude(
        Exists(Invitation.objects.filter(**own, guardian_id=OuterRef("pk")))
        | Exists(Verification.objects.filter(**own, guardianship__guardian_id=OuterRef("pk")))
        | Exists(ServiceAuthorisation.objects.filter(**own, guardian_id=OuterRef("pk")))
    )

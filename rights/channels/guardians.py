"""Guardians' requests about a child's data: the wishes, the rights they exercise, and the service that records them."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from children.guardians.authority import RequestBlocker
from children.guardians.models import Guardianship
from children.guardians.selectors import get_live_guardianship
from children.guardians.services.answers import lock_child
from paktaleem.directory.mail.models import Channel as MailChannel
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.services import record_entry
from rights.requests.letters import OF_GUARDIAN
from rights.requests.models import Channel, IdentityMethod, RequestPart, RightKind, RightsRequest
from rights.requests.selectors import name_rights
from rights.requests.services.decisions import find_blocker, require_authority
from rights.requests.services.intake import receive_request, record_verified, require_may_receive
from rights.requests.services.steps import lock_open_request


class Wish(TextChoices):
    """A guardian's request about a child's data, in the words of the API and the pages; ``keep`` makes no request."""

    COPY = "copy", _("I request a copy of the data")
    DELETION = "deletion", _("I request that the data be deleted")
    RECTIFICATION = "rectification", _("I request that wrong data be corrected")
    RESTRICTION = "restriction", _("I request that the data be kept, but not used for now")
    PORTABILITY = "portability", _("I request the data as a file for another service")
    OBJECTION = "objection", _("I object to a use of the data")
    COMPLAINT = "complaint", _("I complain about how the data is handled")
    KEEP = "keep", _("Keep only what the school must keep, and do nothing else with it")


RIGHT_OF: dict[Wish, RightKind] = {
    Wish.COPY: RightKind.ACCESS,
    Wish.DELETION: RightKind.ERASURE,
    **{Wish(kind.value): kind for kind in RightKind if kind.value in set(Wish)},
}
"""The right that a request exercises; ``keep`` exercises none."""


@transaction.atomic
def record_guardian_request(
    child: Subject,
    *,
    guardian: Subject,
    wish: Wish | str,
    text: str = "",
    identity: IdentityMethod | str = "",
    channel: Channel | str,
    language: str = "en",
    actor: Actor,
    at: datetime,
) -> RightsRequest | None:
    """Record a guardian's request about a child's data, and return its rights request, or None for ``keep``.

    ``identity`` is how the guardian was verified, if they were. From the age of consent on the client decides, and
    the young person is informed (policy §7, §9). The same wish returns the open request, and verifies it if it
    waits for that. Raises RequestNotAllowed, GuardianshipUnknown, AlreadyErased, NotAllowed.
    """
    wish = Wish(wish)
    if wish is Wish.KEEP:
        _record_keeping(child, guardian, actor, at)
        return None
    require_may_receive(actor, child.client_id, child, guardian)
    get_live_guardianship(child, guardian, at=at)
    kind = RIGHT_OF[wish]
    if (earlier := _find_open(child, guardian, kind)) is not None:
        return _continue(earlier, kind, identity, actor, at)
    child = lock_child(child)
    if (earlier := _find_open(child, guardian, kind)) is not None:
        return earlier
    made = receive_request(
        child.client,
        kinds=[kind],
        channel=channel,
        subject=child,
        requester=guardian,
        details=text,
        identity=identity,
        language=language,
        actor=actor,
        at=at,
    )
    _inform_young_person(made, child, actor, at)
    return made


def _find_open(child: Subject, guardian: Subject, kind: RightKind) -> RightsRequest | None:
    own = RightsRequest.objects.open().filter(client_id=child.client_id, subject=child, requester=guardian)
    parts = RequestPart.objects.filter(client_id=child.client_id, request__in=own, kind=kind)
    return own.filter(pk__in=parts.values("request")).select_related("subject").first()


def _inform_young_person(request: RightsRequest, child: Subject, actor: Actor, at: datetime) -> None:
    if child.counts_as_child(at) or (child.email is None and child.phone is None):
        return
    send_message(
        OF_GUARDIAN.code,
        to=child,
        client_id=child.client_id,
        channel=MailChannel.MAIL if child.email is not None else MailChannel.TEXT,
        context={
            "rights": name_rights(request, language=child.language),
            "url": build_public_url(reverse("requests-start", args=[child.client.code])),
        },
        related_id=request.pk,
        actor=actor,
        at=at,
    )


def _continue(made: RightsRequest, kind: RightKind, identity: str, actor: Actor, at: datetime) -> RightsRequest:
    """Return the open request that was made before, verified now if it was not. It is locked before the child."""
    made = lock_open_request(made)
    require_authority(made, [kind], at=at)
    return record_verified(made, IdentityMethod(identity), actor=actor, at=at) if identity else made


def list_request_blockers(row: Guardianship, *, at: datetime) -> Mapping[Wish, RequestBlocker]:
    """Return why a guardian may not make a request, by wish; those left out are allowed. Raises GuardianshipUnknown."""
    found = {wish: find_blocker(row.child, row.guardian, kind, at=at) for wish, kind in RIGHT_OF.items()}
    return {wish: blocker for wish, blocker in found.items() if blocker is not None}


def _record_keeping(child: Subject, guardian: Subject, actor: Actor, at: datetime) -> None:
    """Record that only what must be kept is kept. No order: an order to restrict would outlive a later consent."""
    require_about(actor, Capability.MANAGE_GUARDIANS, subject_id=child.pk, client_id=child.client_id)
    if actor.kind is ByKind.SUBJECT and actor.id != guardian.pk:
        raise NotAllowed("People may make requests only for themselves.")
    row = get_live_guardianship(lock_child(child), guardian, at=at)
    facts = {"guardianship": str(row.pk), "guardian": str(guardian.pk)}
    record_entry("guardian.data_kept", client_id=child.client_id, subject_id=child.pk, facts=facts, actor=actor, at=at)

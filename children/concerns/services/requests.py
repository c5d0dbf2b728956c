"""Guardians' requests about a child's data, which become orders at once or after the client's confirmation."""

from datetime import datetime

from django.db import transaction

from children.concerns.models import Concern, ConcernKind
from children.concerns.request_rules import RequestBlocker, RequestKind
from children.concerns.selectors import list_request_blockers
from children.concerns.services.cases import open_concern
from children.concerns.services.orders import order_copy
from children.guardians.selectors import get_live_guardianship
from children.guardians.services.locking import lock_child
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError

__all__ = ["RequestNotAllowed", "record_data_request"]


class RequestNotAllowed(PortalError):
    """The guardian may not make this request; ``why`` is the reason."""

    console_message = (
        "They may not request this. Verify them first (for a copy, by a method stronger than two messages), and check "
        "that they may receive data about the child."
    )

    def __init__(self, why: RequestBlocker) -> None:
        """Store the reason."""
        super().__init__(why.value)
        self.why = why


@transaction.atomic
def record_data_request(
    child: Subject,
    *,
    guardian: Subject,
    wish: RequestKind | str,
    text: str = "",
    language: str = "en",
    actor: Actor,
    at: datetime,
) -> Concern | None:
    """Record a guardian's request about a child's data and return its case, or None for ``keep``.

    A copy is ordered from every system at once. A deletion waits until the client, as controller, confirms it
    (policy §7, §9). While a case is open, the same request returns it.
    Raises RequestNotAllowed, GuardianshipUnknown, AlreadyErased, NotAllowed.
    """
    wish = RequestKind(wish)
    require_about(actor, Capability.RECORD_GUARDIANS, subject_id=child.pk, client_id=child.client_id)
    if actor.kind is ByKind.SUBJECT and actor.id != guardian.pk:
        raise NotAllowed("People may make requests only for themselves.")
    child = lock_child(child)
    row = get_live_guardianship(child, guardian, at=at)
    if wish in (against := list_request_blockers(row, at=at)):
        raise RequestNotAllowed(against[wish])
    if wish is RequestKind.KEEP:
        facts = {"guardianship": str(row.pk), "guardian": str(guardian.pk)}
        context = {"client_id": child.client_id, "subject_id": child.pk, "actor": actor, "at": at}
        record_entry("guardian.data_kept", facts=facts, **context)
        return None
    return _open_case(child, guardian, wish) or _new_case(child, guardian, wish, text, language, actor, at)


def _open_case(child: Subject, guardian: Subject, wish: RequestKind) -> Concern | None:
    asked = Concern.objects.filter(client_id=child.client_id, child=child, guardian=guardian, kind=wish.value)
    return asked.filter(closed_at=None).first()


def _new_case(  # noqa: PLR0917 -- the request, then its context
    child: Subject, guardian: Subject, wish: RequestKind, text: str, language: str, actor: Actor, at: datetime
) -> Concern:
    case = open_concern(
        child.client_id,
        kind=ConcernKind(wish.value),
        text=text,
        child=child,
        guardian=guardian,
        language=language,
        actor=actor,
        at=at,
    )
    return order_copy(case, at=at) if wish is RequestKind.COPY else case

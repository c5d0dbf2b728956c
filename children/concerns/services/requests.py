"""A guardian asks about a child's data: with authority it becomes orders, at once or once the client confirms."""

from datetime import datetime

from django.db import transaction

from children.concerns.asking import Obstacle, Wish
from children.concerns.models import Concern, ConcernKind
from children.concerns.selectors import obstacles_of
from children.concerns.services.cases import open_concern
from children.concerns.services.orders import order_copy
from children.guardians.selectors import live_guardianship
from children.guardians.services.locking import locked_child
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, require_about
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.by import ByKind
from paktaleem.foundation.audit.services import record_entry

__all__ = ["MayNotAsk", "ask_about_data"]


class MayNotAsk(Exception):
    """This guardian may not ask for this; ``why`` says what stands against it."""

    def __init__(self, why: Obstacle) -> None:
        """Keep the reason."""
        super().__init__(why.value)
        self.why = why


@transaction.atomic
def ask_about_data(
    child: Subject,
    *,
    guardian: Subject,
    wish: Wish | str,
    text: str = "",
    language: str = "en",
    actor: Actor,
    at: datetime,
) -> Concern | None:
    """Take in what a guardian wants done with a child's data: a case with a clock, or None where it shall be kept.

    A copy is ordered of every system at once. A deletion waits until the client, whose data it is, confirms it
    (policy §7, §9). Asked again while the case is open, the same case comes back.
    Raises MayNotAsk, GuardianshipUnknown, AlreadyErased, NotAllowed.
    """
    wish = Wish(wish)
    require_about(actor, Capability.RECORD_GUARDIANS, subject_id=child.pk, client_id=child.client_id)
    if actor.kind is ByKind.SUBJECT and actor.id != guardian.pk:
        raise NotAllowed("Nobody asks in another's name.")
    child = locked_child(child)
    row = live_guardianship(child, guardian, at=at)
    if wish in (against := obstacles_of(row, at=at)):
        raise MayNotAsk(against[wish])
    if wish is Wish.KEEP:
        facts = {"guardianship": str(row.pk), "guardian": str(guardian.pk)}
        told = {"client_id": child.client_id, "subject_id": child.pk, "actor": actor, "at": at}
        record_entry("guardian.data_kept", facts=facts, **told)
        return None
    return _open_case(child, guardian, wish) or _new_case(child, guardian, wish, text, language, actor, at)


def _open_case(child: Subject, guardian: Subject, wish: Wish) -> Concern | None:
    asked = Concern.objects.filter(client_id=child.client_id, child=child, guardian=guardian, kind=wish.value)
    return asked.filter(closed_at=None).first()


def _new_case(  # noqa: PLR0917 -- what is asked, then by whom
    child: Subject, guardian: Subject, wish: Wish, text: str, language: str, actor: Actor, at: datetime
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
    return order_copy(case, at=at) if wish is Wish.COPY else case

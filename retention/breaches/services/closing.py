"""Closing a breach: one person requests it, a second one checks the file and agrees."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState, decide_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.breaches.models import Breach, BreachClosing
from retention.breaches.risk import Outcome
from retention.breaches.selectors import must_write_to_people
from retention.breaches.services.recording import lock_breach, record_act


class BreachIncomplete(PortalError):
    """Something of the breach is not recorded yet: the page lists it."""

    console_message = "Something is still missing: the page of the breach lists it."


class ClosingAlreadyRequested(PortalError):
    """Closing this breach was requested before."""

    console_message = "Closing was requested already: a second person may agree."


def list_missing(breach: Breach) -> list[str]:
    """List what is missing before a breach can be closed, in words; two queries."""
    needed = {
        _("the assessment of the risk"): not breach.outcome,
        _("the letter to the client"): breach.client_informed_at is None and breach.client_id != PAKTALEEM,
        _("the notification of the authority"): breach.outcome in {Outcome.AUTHORITY, Outcome.PEOPLE}
        and breach.authority_notified_at is None,
        _("the letters to people"): must_write_to_people(breach),
        _("the measures"): not breach.measures,
        _("the lessons"): not breach.lessons,
    }
    return [words for words, is_missing in needed.items() if is_missing]


@transaction.atomic
def request_closing(breach: Breach, *, ground: str, actor: Actor, at: datetime) -> BreachClosing:
    """Request that a breach is closed; it stays open until a second person agrees.

    Raises BreachIncomplete, ClosingAlreadyRequested, ValidationError for an empty ground, BreachClosed, NotAllowed.
    """
    breach = lock_breach(breach, actor)
    if list_missing(breach):
        raise BreachIncomplete
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    if BreachClosing.objects.filter(client_id=breach.client_id, breach=breach, state=ChangeState.WAITING).exists():
        raise ClosingAlreadyRequested
    closing = BreachClosing(client_id=breach.client_id, breach=breach, ground=ground.strip())
    closing.requested_kind, closing.requested_by, closing.requested_at = actor.kind.value, actor.id, at
    closing.save(force_insert=True)
    record_act("breach.closing_requested", breach, actor, at, closing=str(closing.pk))
    return closing


@transaction.atomic
def decide_closing(
    closing: BreachClosing, *, approve: bool, actor: Actor, reason: Reason | str = Reason.REVIEW, at: datetime
) -> BreachClosing:
    """Close the breach, or keep it open; the requester may only decline.

    Raises ApproverIsRequester, ApproverNotIndependent, ChangeAlreadyDecided, BreachIncomplete, BreachClosed,
    NotAllowed.
    """
    require(actor, Capability.MANAGE_BREACHES, closing.client_id)
    breach = lock_breach(Breach.objects.get(pk=closing.breach_id, client_id=closing.client_id), actor)
    closing = decide_change(closing, approve=approve, actor=actor, at=at)
    closing.save(update_fields=["state", "settled_by", "settled_at"])
    if not approve:
        record_act("breach.closing_declined", breach, actor, at, closing=str(closing.pk))
        return closing
    if list_missing(breach):
        raise BreachIncomplete
    breach.closed_at = at
    save_tracked(breach, actor=actor, reason=reason, at=at)
    record_act("breach.closed", breach, actor, at, closing=str(closing.pk))
    return closing

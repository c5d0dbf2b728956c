"""Recording a breach, at one client or several, and what is done about it (GDPR Art. 33(5))."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.register.models.purposes import DataCategory
from paktaleem.directory.data_systems.models.systems import System
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.errors import PortalError
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM, new_id
from retention.breaches.clock import get_deadline
from retention.breaches.models import Breach

_FACTS = (
    "happened_from",
    "happened_until",
    "known_at",
    "reported_by",
    "reporter",
    "what",
    "consequences",
)
_CODES: dict[str, Any] = {"categories": DataCategory, "systems": System}


class BreachClosed(PortalError):
    """The breach is closed: nothing more is added to it."""

    console_message = "This breach is closed."


@transaction.atomic
def record_breach(breach: Breach, *, actor: Actor, at: datetime) -> Breach:
    """Record a breach at its client, in the client's context; the 72 hours count from ``known_at``.

    Follows GDPR Art. 33, decision 0077. Raises ValidationError naming the field, NotAllowed.
    """
    require(actor, Capability.MANAGE_BREACHES, breach.client_id)
    _check_times(breach, at)
    if not breach.what.strip():
        raise ValidationError({"what": [_("Say what happened.")]})
    breach.incident = breach.incident or new_id()
    breach.due_at, breach.recorded_at = get_deadline(breach.known_at), at
    save_tracked(breach, actor=actor, reason=Reason.REVIEW, at=at)
    record_act("breach.recorded", breach, actor, at)
    return breach


def add_clients(breach: Breach, clients: Iterable[Client], *, actor: Actor, at: datetime) -> list[Breach]:
    """Record the same event at more clients, each in its own context; clients that have it already are left out.

    Follows decision 0077. Categories and systems are matched by their codes: a client's breach has those that the
    client has too. Requires the officers' context. Raises ValidationError that names the clients with none of them,
    BreachClosed, NotAllowed.
    """
    require(actor, Capability.MANAGE_BREACHES, breach.client_id)
    if not breach.is_open:
        raise BreachClosed
    facts, chosen = {name: getattr(breach, name) for name in _FACTS}, list(clients)
    codes = _match_codes(breach, chosen)
    made = (_add_client(one, breach.incident, {**facts, **codes[one.pk]}, actor, at) for one in chosen)
    return [row for row in made if row is not None]


@transaction.atomic
def record_measures(
    breach: Breach, *, measures: str, lessons: str, reason: Reason | str, actor: Actor, at: datetime
) -> Breach:
    """Record what is done about a breach, and what was learned from it (GDPR Art. 33(5)).

    Raises BreachClosed, NotAllowed.
    """
    breach = lock_breach(breach, actor)
    breach.measures, breach.lessons = measures.strip(), lessons.strip()
    save_tracked(breach, actor=actor, reason=reason, at=at)
    record_act("breach.measures_recorded", breach, actor, at)
    return breach


def lock_breach(breach: Breach, actor: Actor) -> Breach:
    """Lock an open breach that the actor may manage. Raises BreachClosed, NotAllowed."""
    require(actor, Capability.MANAGE_BREACHES, breach.client_id)
    locked: Breach = Breach.objects.select_for_update(of=("self",)).get(pk=breach.pk, client_id=breach.client_id)
    if not locked.is_open:
        raise BreachClosed
    return locked


def record_act(kind: str, breach: Breach, actor: Actor, at: datetime, **more: Any) -> None:
    """Record an act about a breach in the ledger, without its texts."""
    facts = {
        "breach": str(breach.pk),
        "incident": str(breach.incident),
        "known_at": breach.known_at.isoformat(),
        "due_at": breach.due_at.isoformat(),
        "categories": list(breach.categories),
        "outcome": breach.outcome or None,
        **more,
    }
    record_entry(kind, client_id=breach.client_id, facts=facts, actor=actor, at=at)


def _match_codes(breach: Breach, clients: Sequence[Client]) -> dict[UUID, dict[str, list[str]]]:
    """Return the breach's categories and systems that each client has, its own or PakTaleem's; two queries.

    An empty list means all of them, so a client with none of the codes is refused.
    """
    matched: dict[UUID, dict[str, list[str]]] = {client.pk: {} for client in clients}
    for name, model in _CODES.items():
        codes = list(getattr(breach, name))
        rows = model.objects.filter(client_id__in=[PAKTALEEM, *matched], code__in=codes)
        known = set(rows.order_by().values_list("client_id", "code"))
        for owner, found in matched.items():
            found[name] = [code for code in codes if (owner, code) in known or (PAKTALEEM, code) in known]
        without = [client.name for client in clients if codes and not matched[client.pk][name]]
        if without:
            words = {
                "categories": _("These clients have none of the data categories: {clients}. Record a breach there."),
                "systems": _("These clients have none of the systems: {clients}. Record a breach there."),
            }
            raise ValidationError({"clients": [words[name].format(clients=", ".join(without))]})
    return matched


def _add_client(client: Client, incident: UUID, facts: dict[str, Any], actor: Actor, at: datetime) -> Breach | None:
    with in_client(client.pk):
        if Breach.objects.filter(client_id=client.pk, incident=incident).exists():
            return None
        return record_breach(Breach(client=client, incident=incident, **facts), actor=actor, at=at)


def _check_times(breach: Breach, at: datetime) -> None:
    if breach.known_at > at:
        raise ValidationError({"known_at": [_("This time has not come yet.")]})
    if breach.happened_from > breach.known_at:
        raise ValidationError({"happened_from": [_("It cannot have happened after it was known.")]})
    if breach.happened_until is not None and not breach.happened_from <= breach.happened_until <= at:
        raise ValidationError({"happened_until": [_("Choose a time after the start, and not in the future.")]})

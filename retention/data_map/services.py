"""Declare, confirm and end lines of the data map; every change is recorded, and the client confirms it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from consent.register.models.purposes import Purpose
from paktaleem.directory.data_systems.models import System
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.countries import is_country
from retention.data_map.models import MapLine
from retention.data_map.selectors import Declaration

CONFIRM_AGAIN_AFTER = timedelta(days=365)
"""How long a confirmation by the client counts."""


@transaction.atomic
def declare_line(line: MapLine, *, actor: Actor, reason: Reason | str, at: datetime) -> MapLine:
    """Add or change a line of a system; the client confirms it afterwards. An unchanged line stays confirmed.

    Raises ValidationError naming the field, Refused for an ended line, NotAllowed.
    """
    require(actor, Capability.MANAGE_SYSTEMS, line.client_id)
    _lock_map(line.system, line.client_id)
    if errors := find_errors(line.system, [Declaration.of(line)], client_id=line.client_id):
        raise ValidationError(errors[0])
    return _save(line, actor, reason, at)


@transaction.atomic
def declare_map(
    system: System, declared: Sequence[Declaration], *, client_id: UUID, actor: Actor, at: datetime
) -> list[MapLine]:
    """Replace what a system declares to hold of a client's people; return its lines, for one call of its API key.

    The line of a category that is left out ends. Raises ValidationError (``find_errors`` says more), NotAllowed.
    """
    require(actor, Capability.COMPLETE_ORDERS, client_id)
    _lock_map(system, client_id)
    if errors := find_errors(system, declared, client_id=client_id):
        raise ValidationError(next(iter(errors.values())))
    locked = MapLine.objects.current().select_for_update().filter(client_id=client_id, system=system)
    current = {line.category: line for line in locked.order_by("category")}
    for category in current.keys() - {one.category for one in declared}:
        _end(current[category], actor, Reason.LMS_UPDATE, at)
    lines = []
    for one in declared:
        line = current.get(one.category) or MapLine(client_id=client_id, system=system)
        for name, value in asdict(one).items():
            setattr(line, name, value)
        lines.append(_save(line, actor, Reason.LMS_UPDATE, at))
    return lines


def _lock_map(system: System, client_id: UUID) -> None:
    """Let changes of one system's map follow one another: two first lines of a category would break its uniqueness."""
    advisory_lock(f"data_map/{client_id}/{system.pk}")


def find_errors(system: System, declared: Sequence[Declaration], *, client_id: UUID) -> dict[int, dict[str, list[str]]]:
    """Return the errors of declarations of a system, by their place and field; empty if there are none."""
    owners = [client_id, PAKTALEEM]
    purposes = set(Purpose.objects.filter(client_id__in=owners).values_list("code", flat=True))
    not_in_register = _("Not in the register. Allowed: {codes}.").format(codes=", ".join(sorted(purposes)))
    registered = ", ".join(sorted(system.categories))
    not_registered = _("The system is not registered for it. Allowed: {codes}.").format(codes=registered)
    seen: set[str] = set()
    errors: dict[int, dict[str, list[str]]] = {}
    for place, one in enumerate(declared):
        is_stored = one.countries and all(map(is_country, one.countries))
        wrong = (
            ("system", system.client_id not in owners, _("Choose a system of this client, or one of PakTaleem’s.")),
            ("category", one.category not in system.categories, not_registered),
            ("category", one.category in seen, _("Name each category once.")),
            ("roles", not one.roles, _("Choose at least one.")),
            ("purposes", bool(set(one.purposes) - purposes), not_in_register),
            ("countries", not is_stored, _("Use the two-letter ISO 3166 code, such as PK.")),
        )
        if found := {field: [words] for field, is_wrong, words in wrong if is_wrong}:
            errors[place] = found
        seen.add(one.category)
    return errors


def _save(line: MapLine, actor: Actor, reason: Reason | str, at: datetime) -> MapLine:
    """Save a line as it is set; without a change do nothing."""
    declared = Declaration.of(line)
    stored = MapLine.objects.filter(pk=line.pk, client_id=line.client_id).first()
    if stored is not None:
        _check_current(stored, actor, at)
        if declared == Declaration.of(stored):
            return stored
    for name, value in asdict(declared).items():
        setattr(line, name, value)
    line.system_owner, line.declared_at, line.confirm_by = line.system.client_id, at, at
    line.confirmed_at = line.confirmed_by = None
    same = MapLine.objects.current().filter(client_id=line.client_id, system=line.system, category=line.category)
    if stored is None and same.exists():
        raise ValidationError({"category": [_("The map has a line for this category already: change that one.")]})
    save_tracked(line, actor=actor, reason=reason, at=at)
    _record("data_map.declared", line, actor, at, **asdict(declared))
    return line


def _record(kind: str, line: MapLine, actor: Actor, at: datetime, **more: object) -> None:
    facts = {"line": str(line.pk), "system": str(line.system_id), "category": line.category, **more}
    record_entry(kind, client_id=line.client_id, facts=facts, actor=actor, at=at)


def _check_current(line: MapLine, _actor: Actor, _at: datetime) -> None:
    if line.ended_at is not None:
        raise Refused(_("The system no longer holds this data."))


def _check_confirmation(line: MapLine, actor: Actor, at: datetime) -> None:
    _check_current(line, actor, at)
    if line.client_id not in {PAKTALEEM, actor.client_id}:
        raise Refused(_("The client confirms what its systems hold."))


@act(
    "confirm",
    "Confirm",
    Capability.MANAGE_SYSTEMS,
    lead="You confirm for the client that the system holds this data, of these people, in these countries.",
    done="Confirmed for a year.",
    check=_check_confirmation,
)
def confirm_line(line: MapLine, *, actor: Actor, reason: Reason | str, at: datetime) -> MapLine:
    """Confirm a line for the client, for a year (GDPR Art. 5(2)). Raises Refused, NotAllowed."""
    line.confirmed_at, line.confirmed_by, line.confirm_by = at, actor.id, at + CONFIRM_AGAIN_AFTER
    save_tracked(line, actor=actor, reason=reason, at=at)
    _record("data_map.confirmed", line, actor, at, confirm_by=line.confirm_by.isoformat())
    return line


@act(
    "end",
    "No longer held",
    Capability.MANAGE_SYSTEMS,
    lead="The system no longer holds this data. Orders about it are still sent there, as long as the system is "
    "registered for it.",
    done="Ended.",
    danger=True,
    check=_check_current,
)
def end_line(line: MapLine, *, actor: Actor, reason: Reason | str, at: datetime) -> MapLine:
    """End a line: the system no longer holds this data. Raises Refused, NotAllowed."""
    return _end(line, actor, reason, at)


def _end(line: MapLine, actor: Actor, reason: Reason | str, at: datetime) -> MapLine:
    line.ended_at = at
    save_tracked(line, actor=actor, reason=reason, at=at)
    _record("data_map.ended", line, actor, at)
    return line

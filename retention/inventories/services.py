"""Order inventories, compare their answers with what systems reported, and decide about differences.

Every hash that a system names is compared with those of all erased people, of whom the portal keeps a keyed hash of the
SHA-256 of the LMS id (``tombstone_of_digest``). A system cannot be asked by that keyed hash, so the portal keeps the
SHA-256 of a few, sealed, for 45 days.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django import forms
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count as Number, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.directory.data_systems.models import Delivery, Order, OrderKind, System
from paktaleem.directory.data_systems.selectors import list_serving_systems
from paktaleem.directory.data_systems.services.fulfilment import NotByHand, require_system_owner
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import tombstone_of_digest
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given, lock_row
from paktaleem.foundation.accounts.decided import GroundOfDecision, decide_finding
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.actors import ByKind, Reason
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.encryption.wrapped_secrets import SealedColumn
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.tenancy.context import advisory_lock, joined_at_once, try_advisory_lock
from paktaleem.foundation.tenancy.rows import new_id
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal
from paktaleem.foundation.upkeep.periods.services import get_cutoff
from retention.data_map.models import MapLine
from retention.holdings.models import Holding
from retention.inventories.models import AskedFor, DifferenceDecision, ErasedId, Inventory, InventoryLine, LineQuerySet
from retention.inventories.selectors import list_inventory_lines

ANSWER_WITHIN = timedelta(days=14)
"""Time within which a system must answer an inventory."""
MOST_HASHES = 10_000
"""Hashes in one call."""
MOST_NAMED = 100_000
"""Hashes for one category; a system with more people sends their number alone."""
_MOST_KEPT = 1_000
"""Hashes in doubt that a line keeps until staff decide."""
MOST_ASKED = 10
"""Erased people about whom a system is asked in one inventory."""


class Count(NamedTuple):
    """Number of people of whom a system holds data of a category."""

    category: str
    people: int


def list_categories(client_id: UUID, systems: Iterable[System]) -> set[tuple[UUID, str]]:
    """Return the categories of systems at a client, registered, declared or reported: two queries."""
    own, chosen = {"client_id": client_id}, list(systems)
    lines = MapLine.objects.current().filter(**own, system__in=chosen).order_by()
    held = Holding.objects.held().filter(**own, system__in=chosen).order_by()
    registered = {(system.pk, category) for system in chosen for category in system.categories}
    known = ("system_id", "category")
    return registered | set(lines.values_list(*known)) | set(held.values_list(*known).distinct())


@transaction.atomic
def order_inventories(
    client_id: UUID, systems: Iterable[System], *, asked_for: AskedFor, actor: Actor, at: datetime
) -> list[Inventory]:
    """Order an inventory of each system that has none to answer; one ledger entry for all. Raises NotAllowed."""
    require(actor, Capability.MANAGE_SYSTEMS, client_id)
    advisory_lock(f"inventories/{client_id}")
    asked = Inventory.objects.open().filter(client_id=client_id).values_list("system_id", flat=True)
    chosen = [system for system in systems if system.pk not in set(asked)]
    if not chosen:
        return []
    made = {
        system.pk: Inventory(
            id=new_id(),
            client_id=client_id,
            system=system,
            system_owner=system.client_id,
            asked_for=asked_for.value,
            asked_at=at,
            due_at=at + ANSWER_WITHIN,
        )
        for system in chosen
    }
    Inventory.objects.bulk_create(made.values())
    InventoryLine.objects.bulk_create(
        InventoryLine(client_id=client_id, inventory=made[system], category=category)
        for system, category in sorted(list_categories(client_id, chosen))
    )
    facts = {"systems": sorted(map(str, made)), "count": len(made), "occasion": asked_for.value}
    record_entry("inventory.ordered", client_id=client_id, facts=facts, actor=actor, at=at)
    return list(made.values())


def order_monthly(client_id: UUID, actor: Actor, at: datetime) -> None:
    """Order an inventory of each system in use of which none was ordered in the last month, if there are people."""
    if not Subject.objects.filter(client_id=client_id, erased_at=None).exists():
        return
    lately = Inventory.objects.filter(client_id=client_id, asked_at__gt=at - relativedelta(months=1))
    systems = list_serving_systems(client_id, at=at).exclude(pk__in=lately.values("system_id"))
    order_inventories(client_id, systems, asked_for=AskedFor.MONTHLY, actor=actor, at=at)


class InventoryAnswered(PortalError):
    """The inventory was answered before, and not alike."""

    problem = Problem("inventory-answered", "The inventory was answered before", "The first answer is final.")
    console_message = "The inventory has already been answered."


@transaction.atomic
def add_people(inventory: Inventory, category: str, hashes: Iterable[str], *, actor: Actor, at: datetime) -> int:
    """Add SHA-256 hashes (hex) of the LMS ids of people of whom a system holds a category; return their number.

    Repeated hashes count once. Raises ValidationError naming the field, InventoryAnswered, NotByHand, NotAllowed.
    """
    del at
    _require_carrier(inventory, actor)
    inventory = lock_row(inventory)
    if not inventory.is_open:
        raise InventoryAnswered
    line = InventoryLine.objects.filter(client_id=inventory.client_id, inventory=inventory, category=category).first()
    if line is None:
        raise ValidationError({"category": [_("The inventory does not ask for it.")]})
    line.id_hashes = sorted({*line.id_hashes, *hashes})
    if len(line.id_hashes) > MOST_NAMED:
        words = _("Name at most {number} people of a category; of more, send the number alone.")
        raise ValidationError({"id_hashes": [words.format(number=f"{MOST_NAMED:,}")]})
    line.save(update_fields=["id_hashes"])
    return len(line.id_hashes)


def forget_hashes(person: Subject, _actor: Actor, _at: datetime) -> None:
    """Delete the hashes of a person's LMS id before an erasure; if a system names it again, it still holds the data."""
    id_hash = sha256((person.external_id or "").encode()).hexdigest()
    lines = InventoryLine.objects.filter(client_id=person.client_id, id_hashes__contains=[id_hash])
    lines.update(id_hashes=Func("id_hashes", Value(id_hash), function="array_remove"))


ERASED_HASHES = SealedColumn(ErasedId, "id_hash", b"erased_id")
ERASED_KEYS = ERASED_HASHES.kind


def keep_erased_id(person: Subject, _actor: Actor, at: datetime) -> None:
    """Seal the hash of a person's LMS id before an erasure, to ask systems that reported or were ordered to erase data.

    A system that has ten to be asked about gets no more. Systems whose answers staff enter are not asked.
    """
    client_id = person.client_id
    # erasures do not wait for one another: one at the same time as another is not in the sample
    if person.external_id is None or not try_advisory_lock(f"erased_ids/{client_id}"):
        return
    of_person = {"client_id": client_id, "subject": person}
    reported = Holding.objects.filter(**of_person).order_by().values("system_id")
    ordered = Order.objects.filter(**of_person, kind=OrderKind.ERASE).order_by().values("system_id")
    kept = ErasedId.objects.filter(client_id=client_id).values("system_id").annotate(number=Number("pk"))
    known = Q(pk__in=reported) | Q(pk__in=ordered)
    systems = list_serving_systems(client_id, at=at).filter(known).exclude(delivery=Delivery.BY_HAND)
    id_hash = sha256(person.external_id.encode()).digest()
    rows = []
    for system in systems.exclude(pk__in=kept.filter(number__gte=MOST_ASKED).values("system_id")):
        row = ErasedId(client_id=client_id, system=system, system_owner=system.client_id, erased_at=at)
        row.id_hash = ERASED_HASHES.seal(id_hash, client_id=client_id, row_id=row.pk)
        rows.append(row)
    ErasedId.objects.bulk_create(rows)


def list_sample(inventory: Inventory) -> list[str]:
    """List the hashes of the erased people about whom an open inventory asks; none of who was readmitted since."""
    if not inventory.is_open:
        return []
    hashes = {ERASED_HASHES.open(row).hex() for row in _list_asked(inventory)}
    return sorted(_find_erased(inventory.client_id, hashes))


def _list_asked(inventory: Inventory) -> QuerySet[ErasedId]:
    about = {"client_id": inventory.client_id, "system_id": inventory.system_id}
    return ErasedId.objects.filter(**about, erased_at__lte=inventory.asked_at)


def _find_erased(client_id: UUID, hashes: Collection[str]) -> set[str]:
    """Return which of these hashes are those of people whom the client's erasures removed."""
    marks = {tombstone_of_digest(client_id, one): one for one in hashes}
    erased = Subject.objects.filter(client_id=client_id, tombstone__in=marks).values_list("tombstone", flat=True)
    return {marks[bytes(mark)] for mark in erased if mark is not None}


def list_old_ids(at: datetime) -> QuerySet[ErasedId]:
    """List the hashes of erased people that are due at ``at``, in the current context."""
    return ErasedId.objects.filter(erased_at__lte=get_cutoff(ERASED_IDS.code, at=at))


ERASED_IDS = DataKind(
    code="erased_ids",
    name=gettext_lazy("Hashes of LMS ids of erased people, of whom systems are asked"),
    counted_from=gettext_lazy("The erasure; earlier if the system says whether it still holds data"),
    disposal=Disposal.ROWS,
    bounds=Bounds(45, 14, 90),
    due=list_old_ids,
    purge=lambda client_id, at, **_actor: list_old_ids(at).filter(client_id=client_id).delete()[0],
)


def list_old_lines(at: datetime) -> LineQuerySet:
    """List the lines whose hashes are due at ``at``, in the current context: without an answer, or a decision."""
    found: LineQuerySet = InventoryLine.objects.filter(inventory__due_at__lte=get_cutoff(HASHES.code, at=at))
    return found.exclude(id_hashes=[])


HASHES = DataKind(
    code="inventory_hashes",
    name=gettext_lazy("Hashes of LMS ids that systems name in inventories"),
    counted_from=gettext_lazy("The due date of the inventory; earlier if staff decide about the difference"),
    disposal=Disposal.CONTENT,
    bounds=Bounds(90, 14, 365),
    due=list_old_lines,
    purge=lambda client_id, at, **_actor: list_old_lines(at).filter(client_id=client_id).update(id_hashes=[]),
)


_COMPARE = """
WITH counted AS (
    SELECT * FROM unnest(%(categories)s::text[], %(numbers)s::int[], %(by_person)s::bool[])
        AS c (category, number, by_person)
), sent AS (
    SELECT * FROM unnest(%(of)s::text[], %(hashes)s::text[], %(marks)s::bytea[]) AS s (category, hash, mark)
), held AS (
    SELECT h.category, encode(sha256(convert_to(p.external_id, 'UTF8')), 'hex') AS hash
    FROM holdings_holding h JOIN people_subject p ON p.client_id = h.client_id AND p.id = h.subject_id
    WHERE h.client_id = %(client)s AND h.system_id = %(system)s AND h.ended_at IS NULL AND p.erased_at IS NULL
), pairs AS (
    SELECT coalesce(h.category, s.category) AS category, h.hash AS held, s.hash AS sent, coalesce(s.mark IN (
        SELECT e.tombstone FROM people_subject e WHERE e.client_id = %(client)s AND e.tombstone IS NOT NULL
    ), false) AS is_erased
    FROM held h FULL JOIN sent s ON s.category = h.category AND s.hash = h.hash
), found AS (
    SELECT category,
        count(held) AS expected,
        count(*) FILTER (WHERE sent IS NULL) AS missing,
        count(*) FILTER (WHERE held IS NULL AND NOT is_erased) AS unexpected,
        count(*) FILTER (WHERE is_erased) AS still_held,
        (array_agg(sent ORDER BY is_erased DESC, sent) FILTER (WHERE held IS NULL))[1:%(most)s] AS doubtful
    FROM pairs GROUP BY category
)
UPDATE inventories_inventoryline l
SET counted = c.number, expected = coalesce(f.expected, 0), compared_at = %(at)s,
    missing = CASE WHEN c.by_person THEN coalesce(f.missing, 0) END,
    unexpected = CASE WHEN c.by_person THEN coalesce(f.unexpected, 0) END,
    still_held = CASE WHEN c.by_person THEN coalesce(f.still_held, 0) END,
    id_hashes = coalesce(f.doubtful, '{}')
FROM counted c LEFT JOIN found f ON f.category = c.category
WHERE l.client_id = %(client)s AND l.inventory_id = %(inventory)s AND l.category = c.category
"""


@transaction.atomic
def answer_inventory(
    inventory: Inventory,
    given: Sequence[Count],
    *,
    still_held: Collection[str] | None = None,
    actor: Actor,
    at: datetime,
) -> Inventory:
    """Record how many people a system counts by category, and compare them with its reports in one statement.

    ``still_held`` are the hashes of the sample of whom it still holds data; None if it does not say. The same answer
    again changes nothing. Raises ValidationError (``find_errors`` says more), InventoryAnswered if it has another
    answer, NotByHand, NotAllowed.
    """
    _require_carrier(inventory, actor)
    inventory, counts = lock_row(inventory), {one.category: one.people for one in given}
    found = list_inventory_lines(inventory)
    lines = {line.category: line for line in found if line.category}
    held = None if still_held is None else set(still_held)
    if not inventory.is_open:
        answered = {category: line.counted for category, line in lines.items()}
        named = {one for line in found if not line.category for one in line.id_hashes}  # those not decided yet
        is_same = (counts, None if held is None else len(held)) == (answered, inventory.erased_held)
        if not is_same or not named <= (held or set()):
            raise InventoryAnswered
        return inventory
    if find_errors(inventory, given):
        raise ValidationError({"counts": [_("The counts do not fit the inventory.")]})
    _record_sample(inventory, held, at)
    _compare(inventory, lines, counts, at)
    inventory.answered_at = at
    inventory.save(update_fields=["answered_at", "erased_asked", "erased_held"])
    compared = list_inventory_lines(inventory)
    facts = {
        "inventory": str(inventory.pk),
        "system": str(inventory.system_id),
        "counted": dict(sorted(counts.items())),
        "differences": sorted(line.category for line in compared if line.category and line.is_difference),
        "erased_asked": inventory.erased_asked,
        "erased_held": inventory.erased_held,
    }
    record_entry("inventory.answered", client_id=inventory.client_id, facts=facts, actor=actor, at=at)
    return inventory


def _record_sample(inventory: Inventory, held: set[str] | None, at: datetime) -> None:
    """Record what a system says about erased people, with a finding for each of whom it still holds data.

    One whose period ended since it was asked is accepted, too. Raises ValidationError.
    """
    asked = {*list_sample(inventory), *(held or ())}
    inventory.erased_asked, inventory.erased_held = len(asked), None
    if held is None:
        return
    if _find_erased(inventory.client_id, held) != held:
        raise ValidationError({"still_held": [_("Name only hashes of the sample.")]})
    inventory.erased_held = len(held)
    own = {"client_id": inventory.client_id, "inventory": inventory, "compared_at": at}
    InventoryLine.objects.bulk_create(
        InventoryLine(**own, counted=1, expected=0, still_held=1, id_hashes=[one]) for one in sorted(held)
    )
    _list_asked(inventory).delete()


def _compare(inventory: Inventory, lines: Mapping[str, InventoryLine], counts: Mapping[str, int], at: datetime) -> None:
    sent = [(line.category, one) for line in lines.values() for one in line.id_hashes]
    values: dict[str, Any] = {
        "client": inventory.client_id,
        "inventory": inventory.pk,
        "system": inventory.system_id,
        "categories": list(lines),
        "numbers": [counts[category] for category in lines],
        "by_person": [bool(line.id_hashes) or not counts[line.category] for line in lines.values()],
        "of": [category for category, _hash in sent],
        "hashes": [one for _category, one in sent],
        "marks": [tombstone_of_digest(inventory.client_id, one) for _category, one in sent],
        "most": _MOST_KEPT,
        "at": at,
    }
    with joined_at_once(), connection.cursor() as cursor:
        cursor.execute(_COMPARE, values)


def find_errors(inventory: Inventory, given: Sequence[Count]) -> dict[str, Any] | list[str]:
    """Return the errors of the counts of an answer, by their place and field, or for all of them; empty if it fits."""
    named = {line.category: len(line.id_hashes) for line in list_inventory_lines(inventory)}
    unknown = _("Not in the inventory. Allowed: {codes}.").format(codes=", ".join(named))
    codes = [one.category for one in given]
    errors: dict[str, Any] = {}
    for place, one in enumerate(given):
        number = named.get(one.category)
        wrong = (
            ("category", number is None, unknown),
            ("category", one.category in codes[:place], _("Name each category once.")),
            ("people", number not in {None, 0, one.people}, _("You named {number} people.").format(number=number)),
        )
        if found := {field: [words] for field, is_wrong, words in wrong if is_wrong}:
            errors[str(place)] = found
    if not errors and (left_out := ", ".join(sorted(named.keys() - set(codes)))):
        return [
            _("Give the number of people for each category; 0 is allowed. Left out: {codes}.").format(codes=left_out)
        ]
    return errors


def _require_carrier(inventory: Inventory, actor: Actor) -> None:
    is_by_hand = actor.kind is ByKind.USER
    require(actor, Capability.MANAGE_SYSTEMS if is_by_hand else Capability.COMPLETE_ORDERS, inventory.client_id)
    if is_by_hand:
        require_system_owner(inventory, actor)
        if inventory.system.delivery != Delivery.BY_HAND:
            raise NotByHand


def _check_difference(line: InventoryLine, _actor: Actor, _at: datetime) -> None:
    if not line.is_difference:
        raise Refused(_("The system counts the people that it reported."))
    if line.decided_at is not None:
        raise Refused(_("This difference was decided already."))


@act(
    "decide",
    "Decide",
    Capability.MANAGE_SYSTEMS,
    lead="Ask the people who run the system why it counts other people than it reported. The decision changes no data: "
    "if the system reports or erases it, the next inventory shows it.",
    done="Decided.",
    check=_check_difference,
)
def decide_difference(
    line: InventoryLine,
    *,
    decision: Annotated[
        str,
        forms.ChoiceField(label=gettext_lazy("Decision"), choices=DifferenceDecision.choices, widget=forms.RadioSelect),
    ],
    ground: GroundOfDecision,
    actor: Actor,
    at: datetime,
) -> InventoryLine:
    """Close a difference with its ground, and delete the hashes in doubt.

    Raises Refused, ValidationError naming the field, NotAllowed.
    """
    line.id_hashes = []
    facts = {
        "inventory": str(line.inventory_id),
        "category": line.category,
        "counted": line.counted,
        "expected": line.expected,
    }
    return decide_finding(line, decision, ground, entry="inventory.decided", facts=facts, actor=actor, at=at)


_HAS_ONE = gettext_lazy("The system has an inventory to answer.")


def _check_in_use(system: System, actor: Actor, at: datetime) -> None:
    if system.ends_at is not None and system.ends_at <= at:
        raise Refused(_("This system has ended."))
    if system.client_id != (actor.client_id or system.client_id):
        raise Refused(_("This is PakTaleem’s own system."))
    if Inventory.objects.open().filter(client_id=system.client_id, system=system).exists():
        raise Refused(_HAS_ONE)


@act(
    "count",
    "Order an inventory",
    Capability.MANAGE_SYSTEMS,
    lead="The system counts the people of whom it holds data, by category, within 14 days. The portal compares the "
    "numbers with what the system reported.",
    done="Ordered.",
    check=_check_in_use,
    lock=as_given,
)
def order_inventory(system: System, *, actor: Actor, reason: Reason | str, at: datetime) -> Inventory:
    """Order an inventory of a system of the client on demand. Raises Refused, NotAllowed."""
    del reason  # the entry names the occasion
    made = order_inventories(system.client_id, [system], asked_for=AskedFor.ON_DEMAND, actor=actor, at=at)
    if not made:
        raise Refused(_HAS_ONE)
    return made[0]

"""Incidents: a child's data collected without authority is quarantined, and erased in every system within days."""

from collections import defaultdict
from collections.abc import Sequence, Set as AbstractSet
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.models import Quarantine, QuarantineCause, Verification
from children.guardians.services.answers import NotInQuarantine, end_quarantine, quarantine, release
from consent.register.services import is_by_officer
from paktaleem.directory.data_systems.models import Ground, Order, OrderKind, System
from paktaleem.directory.data_systems.selectors import Parent, is_everything_answered, systems_holding
from paktaleem.directory.data_systems.services.issuing import OrderSpec, issue_orders
from paktaleem.directory.mail.services import MessageKind, declare_message, enqueue_staff_email
from paktaleem.directory.people.extension_points import Hold
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import lock_subject
from paktaleem.foundation.accounts.actors import Actor, require, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ChangeKind, ProposedChange, propose_change
from paktaleem.foundation.accounts.roles import Capability, Role
from paktaleem.foundation.audit.actors import By, Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.services import record_entry
from retention.holdings.models import Collection, Holding, Incident, IncidentCause
from retention.holdings.selectors import ON_HOLD, DisposalHold, is_without_authority, list_disposal_holds

DEADLINE = timedelta(days=7)
"""Time within which every system must erase the data (policy §8: promptly)."""
PARENT = "incident"
_FIELDS = ("school", "due", "url")
OPENED = declare_message("incident_opened", fields=_FIELDS)
OVERDUE = declare_message("incident_overdue", fields=_FIELDS)
_ACTOR = system_actor("retention.incidents")


@transaction.atomic
def open_incident(subject: Subject, categories: AbstractSet[str], *, cause: IncidentCause, at: datetime) -> Incident:
    """Quarantine a person's data, and order its erasure within seven days (policy §8, decision 0026).

    The erasure of data on hold is ordered when the hold is lifted. A person has at most one open incident: further
    categories are added to it. The actor is the portal itself. Raises AlreadyErased.
    """
    subject = lock_subject(subject.pk, client_id=subject.client_id, during_erasure=True)
    incident = Incident.objects.select_for_update().filter(client_id=subject.client_id, subject=subject).open().first()
    quarantine(subject, cause=QuarantineCause.INCIDENT, actor=_ACTOR, at=at)  # after the lock: closing ends the last
    if incident is None:
        about = {"cause": cause.value, "categories": sorted(categories), "opened_at": at, "due_at": at + DEADLINE}
        incident = Incident(client_id=subject.client_id, subject=subject, **about)
        save_tracked(incident, actor=_ACTOR, reason=Reason.INCIDENT, at=at)
        _record_incident("incident.opened", incident, _ACTOR, at)
        _email_officers(OPENED, incident)
    elif not categories <= set(incident.categories):
        incident.categories = sorted({*incident.categories, *categories})
        save_tracked(incident, actor=_ACTOR, reason=Reason.INCIDENT, at=at)
        _record_incident("incident.widened", incident, _ACTOR, at)
    _order_erasure(subject, categories, incident, at)
    return incident


def _order_erasure(subject: Subject, categories: AbstractSet[str], incident: Incident, at: datetime) -> None:
    holds = list_disposal_holds(subject.client_id, subject.pk, categories)
    held = {one for one in categories if any(hold.keeps(one) for hold in holds)}
    noted = sorted((set(incident.held) - categories) | held)
    if noted != incident.held:
        incident.held = noted
        save_tracked(incident, actor=_ACTOR, reason=Reason.INCIDENT, at=at)
    for missing, systems in _list_missing(incident, categories, holds, at).items():
        order = OrderSpec(
            kind=OrderKind.ERASE,
            categories=missing,
            reason=Reason.INCIDENT,
            ground=Ground.CHILD_WITHOUT_CONSENT,
            due_at=max(incident.due_at, at + timedelta(days=1)),
            parent=Parent(PARENT, incident.pk),
        )
        issue_orders(subject, order, only_to=systems, actor=_ACTOR, at=at)


def _list_missing(
    incident: Incident, categories: AbstractSet[str], holds: Sequence[DisposalHold], at: datetime
) -> dict[frozenset[str], list[System]]:
    ordered = {(order.system_id, category) for order in _list_open_orders(incident) for category in order.categories}
    missing: dict[frozenset[str], list[System]] = defaultdict(list)
    for system in systems_holding(incident.client_id, categories, at=at):
        about = frozenset(
            category
            for category in categories & set(system.categories)
            if (system.pk, category) not in ordered and not any(hold.keeps(category, system) for hold in holds)
        )
        if about:
            missing[about].append(system)
    return missing


def order_after_hold(client_id: UUID, subject_id: UUID | None, *, at: datetime) -> None:
    """Order the erasure of what a lifted hold kept in open incidents: of a person, or of all of a client (None)."""
    waiting = Incident.objects.open().filter(client_id=client_id, held__len__gt=0, subject__erased_at=None)
    if subject_id is not None:
        waiting = waiting.filter(subject_id=subject_id)
    for person_id, key in waiting.order_by("subject_id").values_list("subject_id", "pk"):
        subject = lock_subject(person_id, client_id=client_id, during_erasure=True)
        incident = _lock_incident(key, client_id)
        if incident.is_open:
            _order_erasure(subject, frozenset(incident.held), incident, at)


def open_for_revealed_children(client_id: UUID, people: Sequence[UUID], actor: By, at: datetime) -> None:
    """Open incidents for revealed children whose data no guardian authorised (policy §8, decision 0026)."""
    del actor
    categories: dict[UUID, set[str]] = defaultdict(set)
    held = Holding.objects.held().filter(client_id=client_id, subject__in=people)
    for person, category in held.values_list("subject_id", "category"):
        categories[person].add(category)
    for subject in Subject.objects.filter(client_id=client_id, pk__in=categories):
        if is_without_authority(subject, when=at, at=at):
            open_incident(subject, categories[subject.pk], cause=IncidentCause.REVEALED, at=at)


def open_for_false_verification(verification: Verification, actor: Actor, at: datetime) -> None:
    """Open an incident for a known child's data that rests on a false verification only (policy §8, decision 0028)."""
    del actor
    subject, since = verification.guardianship.child, verification.verified_at
    own: dict[str, object] = {"client_id": subject.client_id, "subject": subject}
    held = Holding.objects.held().filter(**own, last_collected_at__gte=since).values_list("category", flat=True)
    reported = Collection.objects.filter(**own, collected_at__gte=since, category__in=set(held)).distinct()
    categories: set[str] = set()
    for category, moment in reported.values_list("category", "collected_at").order_by("collected_at"):
        if category not in categories and is_without_authority(subject, when=moment, at=at):
            categories.add(category)
    if categories:
        open_incident(subject, categories, cause=IncidentCause.FALSE_PROOF, at=at)


def close_if_answered(order: Order, actor: Actor, at: datetime) -> None:
    """Close an incident once every order is answered or waived; a callback of ``systems.answered`` (decision 0026)."""
    del actor
    if order.parent_kind != PARENT or order.parent_id is None:
        return
    incident = _lock_incident(order.parent_id, order.client_id)
    if not incident.is_open or incident.held:
        return
    if is_everything_answered(Parent(PARENT, incident.pk), client_id=incident.client_id):
        _close(incident, _ACTOR, at)


@transaction.atomic
def close_manually(incident: Incident, *, actor: Actor, at: datetime) -> Incident:
    """Close an incident that staff have checked (decision 0026). Idempotent. Raises Refused, NotAllowed."""
    require(actor, Capability.CLOSE_INCIDENTS, incident.client_id)
    incident = _lock_incident(incident.pk, incident.client_id)
    if _list_open_orders(incident).exists():
        raise Refused(gettext("A system has not answered yet. The incident closes automatically when it does."))
    if incident.held:
        raise Refused(ON_HOLD)
    return _close(incident, actor, at) if incident.is_open else incident


@transaction.atomic
def notify_overdue(client_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Mark overdue incidents, and notify officers again, once for each; return how many (policy §8, decision 0026)."""
    late = Incident.objects.overdue(at).filter(client_id=client_id, overdue_told_at=None)
    found = list(late.select_for_update(of=("self",), skip_locked=True))
    for incident in found:
        incident.overdue_told_at = at
        save_tracked(incident, actor=actor, reason=Reason.INCIDENT, at=at)
        _record_incident("incident.overdue", incident, actor, at)
        _email_officers(OVERDUE, incident)
    return len(found)


def _email_officers(kind: MessageKind, incident: Incident) -> None:
    enqueue_staff_email(
        kind,
        client_id=incident.client_id,
        row_id=incident.pk,
        page="holdings_incident_change",
        roles=[Role.PRIVACY_OFFICER],
        due=f"{incident.due_at:%Y-%m-%d}",
    )


def has_open_incident(subject: Subject) -> bool:
    """Return True if an incident of the person is open; connected to ``quarantine_needs``."""
    return Incident.objects.open().filter(client_id=subject.client_id, subject_id=subject.pk).exists()


def hold_erasures(client_id: UUID, people: Sequence[UUID], at: datetime) -> list[tuple[UUID, Hold]]:
    """Hold people's erasure while an incident is open, whose evidence it is (decision 0026); ``erasure_holds``."""
    del at
    ground = gettext("An incident is open. It ends when every system has erased the data that was collected.")
    found = Incident.objects.open().filter(client_id=client_id, subject_id__in=people).order_by("subject_id")
    return [(key, Hold("incident_open", ground)) for key in found.values_list("subject_id", flat=True).distinct()]


def _close(incident: Incident, actor: Actor, at: datetime) -> Incident:
    incident.closed_at = max(at, incident.opened_at)
    save_tracked(incident, actor=actor, reason=Reason.INCIDENT, at=at)
    _record_incident("incident.closed", incident, actor, at)
    with suppress(NotInQuarantine):  # an officer may have ended the quarantine already
        end_quarantine(incident.subject, actor=_ACTOR, at=at)
    return incident


def _lock_incident(incident_id: UUID, client_id: UUID) -> Incident:
    rows = Incident.objects.select_for_update(of=("self",)).select_related("subject")
    return rows.get(pk=incident_id, client_id=client_id)


def _list_open_orders(incident: Incident) -> QuerySet[Order]:
    return Order.objects.open().filter(client_id=incident.client_id, parent_kind=PARENT, parent_id=incident.pk)


def _record_incident(kind: str, incident: Incident, actor: Actor, at: datetime) -> None:
    facts = {
        "incident": str(incident.pk),
        "cause": str(incident.cause),
        "categories": incident.categories,
        "due_at": incident.due_at.isoformat(),
    }
    record_entry(kind, client_id=incident.client_id, subject_id=incident.subject_id, facts=facts, actor=actor, at=at)


@transaction.atomic
def request_release(row: Quarantine | Incident, *, ground: str, actor: Actor, at: datetime) -> ProposedChange:
    """Request the end of a quarantine or an incident by a second officer. Raises ValidationError, NotAllowed."""
    require(actor, Capability.QUARANTINE_SUBJECTS, row.client_id)
    return propose_change(row, RELEASE.code, ground=ground, actor=actor, at=at)


def _apply_release(change: ProposedChange, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    own = {"pk": change.row, "client_id": change.client_id}
    if change.table == Incident._meta.label_lower:
        close_manually(Incident.objects.get(**own), actor=actor, at=at)
    else:
        release(Quarantine.objects.get(**own).subject, actor=actor, reason=reason, at=at)


RELEASE = ChangeKind(
    code="quarantine",
    label=_("Data of a child leaves quarantine"),
    effect=_("Data of a child that may only be deleted now may be used again."),
    apply=_apply_release,
    may_approve=is_by_officer,
)

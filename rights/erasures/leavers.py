"""People who left: from which day on the portal erases them, and what keeps their record until then (decision 0131)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import Case, Exists, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy as _

from children.guardians.models import GuardianConflict, Guardianship
from consent.agreements.models import ClientContact
from consent.consents.models import Restriction
from consent.register.models.agreements import ServiceAgreement
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.extension_points import list_holds
from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectRole
from paktaleem.directory.staff.data_kinds import LEAVERS
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange
from paktaleem.foundation.upkeep.periods.services import get_cutoff, get_period
from retention.breaches.models import Breach, BreachPerson
from retention.holdings.models import Holding
from rights.erasures.models import ErasureProposal
from rights.requests.models import RightsRequest


@dataclass(frozen=True, slots=True)
class Leaving:
    """The day from which the portal erases a person who left, and in words what keeps the record until it ends."""

    due_at: datetime
    kept_for: list[str]


_OF_PERSON: dict[str, Any] = {"client_id": OuterRef("client_id"), "subject_id": OuterRef("pk")}
_AS_CHILD: dict[str, Any] = {"client_id": OuterRef("client_id"), "child_id": OuterRef("pk")}
_AS_GUARDIAN: dict[str, Any] = {"client_id": OuterRef("client_id"), "guardian_id": OuterRef("pk")}
_RELATIONS: tuple[Any, ...] = (GuardianClaim, Guardianship)
_WAITS = _("a change that waits for a second person")


def list_leavers(at: datetime) -> QuerySet[Subject]:
    """List the people to be erased at ``at`` in the current context, apart from holds (``people.erasure_holds``)."""
    found = _with_day(Subject.objects.filter(erased_at=None, erasure_started_at=None), at)
    due = found.filter(left_at__isnull=False, since__lte=get_cutoff(LEAVERS, at=at))
    return due.exclude(_is_needed(at)).exclude(Exists(_other_records(at)))


def find_leaving(subject: Subject, *, at: datetime) -> Leaving | None:
    """Find from which day on the portal erases a person, and what keeps them; None if they have not left."""
    own = Subject.objects.filter(client_id=subject.client_id, pk=subject.pk, erased_at=None, erasure_started_at=None)
    needs = [*_list_needs(at), (_("another record of the same person"), Exists(_other_records(at)))]
    found: Any = _with_day(own, at).annotate(**{f"need_{place}": need for place, (_words, need) in enumerate(needs)})
    row = found.first()
    if row is None or row.left_at is None:
        return None
    kept_for = [str(words) for place, (words, _need) in enumerate(needs) if getattr(row, f"need_{place}")]
    if list_holds(subject, at):
        kept_for.append(str(_("a hold or an incident")))
    return Leaving(row.since + get_period(LEAVERS), list(dict.fromkeys(kept_for)))


def _with_day(people: QuerySet[Subject], at: datetime) -> QuerySet[Any]:
    # A guardian without an account leaves with the last child or relation, without any with the registration; a contact
    # of a client with the end of that task, a person outside with their last request. Counted
    # from the last change of the record on: a closing that is stated late, or wrongly, erases no one at once.
    ended = Least("ends_at", "child__account_closed_at", "child__erased_at")
    relations = [
        Subquery(
            model.objects.filter(**_AS_GUARDIAN).order_by().values("guardian_id").annotate(day=Max(ended)).values("day")
        )
        for model in _RELATIONS
    ]
    had_children = reduce(or_, (Q(Exists(model.objects.filter(**_AS_GUARDIAN))) for model in _RELATIONS))
    since = Case(When(had_children, then=Greatest(*relations)), default="registered_at")
    of_guardian = Case(When(role=SubjectRole.GUARDIAN, other_roles=[], then=since))
    agreements = ServiceAgreement.objects.uncancelled().filter(client_id=OuterRef("client_id")).order_by()
    of_contact = Subquery(
        ClientContact.objects.filter(**_OF_PERSON)
        .order_by()
        .values("subject_id")
        .annotate(day=Max("ends_at"))
        .values("day")
    )
    own_requests = RightsRequest.objects.filter(**_OF_PERSON).order_by().values("subject_id")
    of_outsider = Case(
        When(
            role=SubjectRole.CONTACT,
            then=Greatest("registered_at", Subquery(own_requests.annotate(day=Max("closed_at")).values("day"))),
        )
    )
    going_on = agreements.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    last = agreements.values("client_id").annotate(day=Max(Coalesce("exit_until", "ends_at"))).values("day")
    left_at = Least(
        "account_closed_at", of_guardian, of_contact, of_outsider, Case(When(~Exists(going_on), then=Subquery(last)))
    )
    return people.annotate(left_at=left_at, since=Greatest(left_at, "changed_at"))


def _is_needed(at: datetime) -> Q:
    return reduce(or_, (Q(need) for _words, need in _list_needs(at)))


def _other_records(at: datetime) -> QuerySet[Subject]:
    linked = Subject.objects.filter(
        client_id=OuterRef("client_id"), same_person=OuterRef("same_person"), erased_at=None, erasure_started_at=None
    ).exclude(pk=OuterRef("pk"))
    return linked.filter(Q(account_closed_at=None) | _is_needed(at))


def _list_needs(at: datetime) -> list[tuple[Any, Exists]]:
    going_on = Q(ends_at=None) | Q(ends_at__gt=at)
    requests = RightsRequest.objects.open().filter(client_id=OuterRef("client_id"))
    breaches = BreachPerson.objects.filter(assessment__breach__in=Breach.objects.open().values("pk"))
    found: list[tuple[Any, QuerySet[Any]]] = [
        (_("data at a system"), Holding.objects.held().filter(**_OF_PERSON)),
        (_("an open request"), requests.filter(Q(subject_id=OuterRef("pk")) | Q(requester_id=OuterRef("pk")))),
        (_("an order without an answer"), Order.objects.open().filter(**_OF_PERSON)),
        (_("a proposed erasure"), ErasureProposal.objects.open().filter(**_OF_PERSON)),
        (_("a restriction"), Restriction.objects.filter(going_on, **_OF_PERSON)),
        (_("an open breach"), breaches.filter(**_OF_PERSON)),
        (_("a contact of the client"), ClientContact.objects.filter(going_on, **_OF_PERSON)),
        (_("a disagreement between guardians"), GuardianConflict.objects.filter(closed_at=None, **_AS_CHILD)),
    ]
    found += [
        (_("a child whose guardian they are"), model.objects.filter(going_on, child__erased_at=None, **_AS_GUARDIAN))
        for model in _RELATIONS
    ]
    return [(words, Exists(rows)) for words, rows in (*found, *_list_waiting_changes())]


def _list_waiting_changes() -> Iterator[tuple[Any, QuerySet[Any]]]:
    for model in apps.get_models():
        if issubclass(model, RequestedChange):
            rows: Any = model._default_manager
            waiting = rows.filter(client_id=OuterRef("client_id"), state=ChangeState.WAITING)
            for field in model._meta.concrete_fields:
                if field.related_model is Subject:
                    yield _WAITS, waiting.filter(**{field.attname: OuterRef("pk")})

"""Selectors of rights requests: who decides, the clock, lists, figures and related requests."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import translation

from consent.notices.selectors.registers import current_register
from consent.register.compiled import Basis, Capacity
from paktaleem.directory.people.details import contact_index
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import list_same_person
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.errors import PortalError, Problem
from paktaleem.foundation.first_rows import FirstRows, take_latest
from paktaleem.foundation.law.profiles import Authority, Rules, read_authorities
from paktaleem.foundation.tenancy.context import is_limited
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import join_words
from rights.requests.deadlines import Pause, RequestClock
from rights.requests.models import RequestExtension, RequestPart, RequestPause, RightKind, RightsRequest
from rights.requests.states import Decider, Decision

_OURS = frozenset({RightKind.COMPLAINT, RightKind.QUESTION, RightKind.CHILD_CONCERN})
"""Kinds that PakTaleem answers, also where the client is controller; an officer may pass them on."""
_OF_BASIS = {RightKind.OBJECTION: Basis.LEGITIMATE_INTEREST, RightKind.WITHDRAWAL: Basis.CONSENT}
"""Kinds about purposes of one lawful basis: without named purposes, all of that basis are meant."""
_BY_PURPOSE = frozenset({RightKind.RESTRICTION, *_OF_BASIS})
"""Kinds that are carried out purpose by purpose."""
_MOST_RELATED = 20


class RequestUnknown(PortalError, LookupError):
    """There is no such request at this client."""

    problem = Problem("rights-request-unknown", "No such rights request", status=HTTPStatus.NOT_FOUND)


def list_requests(actor: Actor) -> QuerySet[RightsRequest]:
    """List the requests that the actor may see, without their texts. Raises NotAllowed."""
    require(actor, Capability.VIEW_RIGHTS_REQUESTS)
    found = RightsRequest.objects.select_related("subject", "requester").defer("details", "contact", "answer")
    return found if actor.client_id is None else found.filter(client_id=actor.client_id)


def get_request(request_id: UUID, *, actor: Actor) -> RightsRequest:
    """Return one request. Raises RequestUnknown, NotAllowed."""
    found = list_requests(actor).filter(pk=request_id).first()
    if found is None:
        raise RequestUnknown
    return found


def list_parts_of(requests: Iterable[RightsRequest]) -> dict[UUID, list[RequestPart]]:
    """Map requests to their parts, in one query."""
    found: dict[UUID, list[RequestPart]] = {request.pk: [] for request in requests}
    for part in RequestPart.objects.filter(request_id__in=list(found)).order_by("pk"):
        found[part.request_id].append(part)
    return found


def name_rights(request: RightsRequest, *, language: str = "") -> str:
    """Return the names of the rights in a request, by default in its language: “Access to the data, Erasure”."""
    parts = RequestPart.objects.filter(client_id=request.client_id, request=request)
    kinds = sorted(set(parts.values_list("kind", flat=True)))
    with translation.override(language or request.language):
        return join_words(RightKind(kind).label for kind in kinds)


def get_clock(request: RightsRequest) -> RequestClock:
    """Return the clock of a request: its dates follow from receipt, pauses, extension, notice and answer."""
    return get_clocks([request])[request.pk]


def get_clocks(requests: Collection[RightsRequest]) -> dict[UUID, RequestClock]:
    """Return the clocks of requests by id; four queries, however many they are."""
    own = {"client_id__in": {one.client_id for one in requests}, "request_id__in": [one.pk for one in requests]}
    zones = dict(Client.objects.filter(pk__in=own["client_id__in"]).values_list("pk", "time_zone"))
    answered = {one.pk: one.answered_at for one in requests}
    pauses: defaultdict[UUID, list[Pause]] = defaultdict(list)
    for key, starts_at, ends_at in RequestPause.objects.filter(**own).values_list("request_id", "starts_at", "ends_at"):
        pauses[key].append(Pause(starts_at, ends_at or answered[key]))
    days = dict(RequestExtension.objects.filter(**own).values_list("request_id", "days"))
    undecided = RequestPart.objects.filter(**own, decision="", decider=Decider.CLIENT.value)
    awaiting = set(undecided.values_list("request_id", flat=True))
    return {
        one.pk: RequestClock(
            received_at=one.received_at,
            due_at=one.due_at,
            zone=zones[one.client_id],
            pauses=tuple(pauses[one.pk]),
            extension=timedelta(days=days.get(one.pk, 0)),
            notice_at=one.notice_at,
            answered_at=one.delivered_at or one.closed_at,
            awaits_client=one.pk in awaiting,
        )
        for one in requests
    }


def find_deciders(
    client_id: UUID, *, roles: Sequence[str], kind: RightKind, purposes: Sequence[str], at: datetime
) -> dict[Decider, list[str]]:
    """Return which controller decides about a right, with the purposes of each; none means all data (policy §7)."""
    if client_id == PAKTALEEM or kind in _OURS:
        is_about_all = kind in _BY_PURPOSE and not purposes
        meant = list_purposes_meant(client_id, roles=roles, kind=kind, at=at) if is_about_all else purposes
        return {Decider.PAKTALEEM: list(meant)}
    if kind is RightKind.RECTIFICATION and not purposes:
        return {Decider.CLIENT: []}
    found: defaultdict[Decider, list[str]] = defaultdict(list)
    for code in purposes or list_purposes_meant(client_id, roles=roles, kind=kind, at=at):
        rule = current_register(client_id).leading_basis(code, roles, at)
        is_ours = rule is not None and rule.capacity == Capacity.CONTROLLER
        found[Decider.PAKTALEEM if is_ours else Decider.CLIENT].append(code)
    if not purposes and kind not in _BY_PURPOSE:
        return {decider: [] for decider in found} or {Decider.CLIENT: []}
    return dict(found) or {Decider.CLIENT: []}


def list_purposes_meant(client_id: UUID, *, roles: Sequence[str], kind: RightKind, at: datetime) -> list[str]:
    """List the purposes that a request without named purposes is about, for a person's roles."""
    register, wanted, found = current_register(client_id), _OF_BASIS.get(kind), []
    for code, purpose in sorted(register.purposes.items()):
        rules = register.bases_for(code, roles, at)
        if purpose.active and any(wanted in {None, rule.basis} for rule in rules):
            found.append(code)
    return found


def list_purposes_of_part(subject: Subject, part: RequestPart, at: datetime) -> list[str]:
    """List the purposes that a part is granted for or is about; if it names none, all of its controller's."""
    if part.granted or part.purposes:
        return part.granted or part.purposes
    client_id, roles, kind = subject.client_id, subject.roles, RightKind(part.kind)
    is_erasure = kind is RightKind.ERASURE
    purposes = list_purposes_meant(client_id, roles=roles, kind=kind, at=at) if is_erasure else []
    return find_deciders(client_id, roles=roles, kind=kind, purposes=purposes, at=at).get(Decider(part.decider), [])


def may_object(subject: Subject, purpose: str, at: datetime) -> bool:
    """Return True if a person may object to a purpose: on legitimate interest, or by an opt-out."""
    return current_register(subject.client_id).may_object(purpose, subject.roles, subject.country, at)


def list_laws(request: RightsRequest) -> tuple[Rules, ...]:
    """List the rules that apply to a request since its receipt: at the client, and where the person lives."""
    return request.client.laws_at(request.received_at, request.subject.country if request.subject else "")


def list_authorities(at: datetime) -> Mapping[str, Authority]:
    """Return the supervisory authorities that the law profiles name, by country."""
    return read_authorities(settings.LAW_PROFILES, at.date())


def is_erasing(parts: Iterable[RequestPart]) -> bool:
    """Return True if an erasure among the parts of a request is granted; it is cancelled by itself."""
    granted = {Decision.GRANTED.value, Decision.PARTLY.value}
    return any(part.kind == RightKind.ERASURE and part.decision in granted for part in parts)


def list_related(request: RightsRequest) -> FirstRows[RightsRequest]:
    """List the other requests of or about the same person and of the same guardian: the latest twenty."""
    return take_latest(_select_related(request), _MOST_RELATED)


def list_linkable(request: RightsRequest) -> FirstRows[RightsRequest]:
    """List the related open requests that can be duplicates: of the same person, by the same one; the latest twenty."""
    own = {"subject_id": request.subject_id, "requester_id": request.requester_id}
    return take_latest(_select_related(request).filter(closed_at=None, **own), _MOST_RELATED)


def _select_related(request: RightsRequest) -> QuerySet[RightsRequest]:
    people = [one for one in (request.subject_id, request.requester_id) if one is not None]
    if request.subject is not None:
        people += [one.pk for one in list_same_person(request.subject)]
    found = RightsRequest.objects.filter(client_id=request.client_id).exclude(pk=request.pk)
    related = found.filter(Q(subject_id__in=people) | Q(requester_id__in=people))
    return related.defer("details", "contact", "answer").order_by("-received_at", "-pk")


def list_unassigned(client: Client, text: str) -> FirstRows[RightsRequest]:
    """List a client's requests without a person that name a contact: the latest twenty; none if it is no contact."""
    try:
        index = contact_index(client.pk, text, region=client.country)[1]
    except ValueError:
        return FirstRows()
    return take_latest(
        RightsRequest.objects.filter(client_id=client.pk, subject=None, contact_index=index), _MOST_RELATED
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one kind at one client: received, answered, answered in time, median days until the answer."""

    client_id: UUID
    kind: str
    received: int
    answered: int
    in_time: int
    median_days: float | None


_FIGURES = """
SELECT client_id, kind, count(*), count(delivered_at),
    count(*) FILTER (WHERE delivered_at < due_at OR (notice_at < due_at AND delivered_at < expected_by)),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM delivered_at - received_at) / 86400)
FROM (
    SELECT DISTINCT r.client_id, p.kind, r.id, r.received_at, r.delivered_at, r.due_at, r.notice_at, r.expected_by
    FROM requests_rightsrequest r JOIN requests_requestpart p ON p.client_id = r.client_id AND p.request_id = r.id
    WHERE r.received_at >= %s AND (%s::uuid IS NULL OR r.client_id = %s)
        AND r.state NOT IN ('duplicate', 'handed_over'){shown}
) request
GROUP BY client_id, kind ORDER BY client_id, kind
"""
_ABOUT_SHOWN_PEOPLE = " AND r.subject_id = ANY (ARRAY(SELECT id FROM people_subject))"
"""Added for staff limited to schools, who see no other requests: then only those of these people are read."""


def get_figures(actor: Actor, *, since: datetime) -> list[Figures]:
    """Return the figures of requests received since a time, by client and kind; one query. Raises NotAllowed."""
    require(actor, Capability.VIEW_RECORDS)
    shown = _ABOUT_SHOWN_PEOPLE if is_limited() else ""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES.format(shown=shown), [since, actor.client_id, actor.client_id])
        rows = cursor.fetchall()
    return [
        Figures(client_id, kind, received, answered, in_time, None if days is None else round(float(days), 1))
        for client_id, kind, received, answered, in_time, days in rows
    ]

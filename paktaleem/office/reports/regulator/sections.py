"""Sections of a pack: what each gathers about a client and a period. No section names a person."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, Max, Model, OuterRef, Q, QuerySet, StringAgg, Subquery, Value, When
from django.utils import translation

from consent.consents.models import ConsentEvent
from consent.consents.selectors.consents import annotate_asked_words
from consent.notices.selectors.notices import all_timelines
from consent.notices.selectors.registers import list_category_names
from consent.register.models.purposes import Purpose
from consent.sharing.models import Disclosure, LegalDisclosure
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.breaches.models import Breach, BreachAssessment
from retention.disposals.models import Certificate as DisposalCertificate
from retention.holdings.models import Incident
from retention.records.services import build_record, to_cells
from rights.erasures.models import Certificate as ErasureCertificate
from rights.requests.models import ANSWERED_IN_TIME, RequestPart, RightsRequest

type Rows = list[list[str | int | None]]


@dataclass(frozen=True, slots=True)
class Period:
    """A period ``[since, until)`` and the time of gathering, by which the register is read if it is earlier."""

    since: datetime
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its code, the codes of its columns, and the function that gathers its rows in a client's context."""

    code: str
    words: str
    gather: Callable[[Client, Period], Rows]

    @property
    def columns(self) -> list[str]:
        return self.words.split()


def _text(value: Any) -> str | int | None:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if value is None or isinstance(value, int) else str(value)


def _to_rows(found: QuerySet[Any]) -> Rows:
    return [[_text(value) for value in row] for row in found]


def _gather_register(language: str) -> Callable[[Client, Period], Rows]:
    def gather(client: Client, period: Period) -> Rows:
        with translation.override(language):
            record = build_record(client, at=min(period.at, period.until), language=language)
            return [list(to_cells(activity)) for activity in record.activities]

    return gather


def _gather_notices(client: Client, period: Period) -> Rows:
    return [
        [
            one.version.notice.title_en,
            one.version.notice.title_ur,
            one.version.number,
            _text(one.effective_at),
            _text(one.superseded_at),
            "material" if one.version.is_material else "not material",
            one.version.content_hash,
        ]
        for one in sorted(
            all_timelines(client), key=lambda one: (one.version.notice.code, one.effective_at, one.version.number)
        )
        if one.effective_at < period.until and (one.superseded_at is None or one.superseded_at >= period.since)
    ]


def _gather_consents(client: Client, period: Period) -> Rows:
    events = ConsentEvent.objects.filter(
        client_id=client.pk, recorded_at__gte=period.since, recorded_at__lt=period.until
    )
    groups = ("purpose__code", "asked_name_en", "asked_name_ur", "state", "given_by", "method")
    named = annotate_asked_words(events).order_by()
    return _to_rows(named.values_list(*groups).annotate(number=Count("pk")).order_by(*groups))


def _gather_requests(client: Client, period: Period) -> Rows:
    found = RightsRequest.objects.filter(
        client_id=client.pk, received_at__gte=period.since, received_at__lt=period.until
    ).exclude(state__in=["duplicate", "handed_over"])
    parts = RequestPart.objects.filter(client_id=OuterRef("client_id"), request=OuterRef("pk")).order_by()
    rights, decisions = _join(parts, "kind"), _join(parts.exclude(decision=""), "decision")
    rows = found.annotate(rights=rights, decisions=decisions, is_answered_in_time=ANSWERED_IN_TIME).order_by(
        "received_at", "number"
    )
    return [_describe_request(request) for request in rows]


def _join(parts: QuerySet[Model], field: str) -> Subquery:
    joined = StringAgg(field, Value(", "), distinct=True, order_by=field)
    return Subquery(parts.values("request").annotate(joined=joined).values("joined"))


def _describe_request(request: Any) -> list[str | int | None]:
    answered = request.delivered_at
    standing = "not delivered" if request.answered_at else "open"
    if answered is not None:
        standing = "in time" if request.is_answered_in_time else "late"
    return [
        request.number,
        request.rights,
        request.channel,
        _text(request.received_at),
        _text(request.due_at),
        _text(answered),
        None if answered is None else (answered - request.received_at).days,
        standing,
        request.decisions,
    ]


def _gather_incidents(client: Client, period: Period) -> Rows:
    found = Incident.objects.filter(client_id=client.pk, opened_at__lt=period.until)
    found = found.filter(Q(closed_at=None) | Q(closed_at__gte=period.since)).order_by("opened_at", "pk")
    return [
        [
            row.cause,
            ", ".join(row.categories),
            ", ".join(list_category_names(client.pk, row.categories, language="en")),
            "، ".join(list_category_names(client.pk, row.categories, language="ur")),
            _text(row.opened_at),
            _text(row.due_at),
            _text(row.closed_at),
        ]
        for row in found
    ]


def _gather_breaches(client: Client, period: Period) -> Rows:
    found = Breach.objects.filter(client_id=client.pk, known_at__lt=period.until)
    found = found.filter(Q(closed_at=None) | Q(closed_at__gte=period.since))
    assessed = BreachAssessment.objects.filter(client_id=OuterRef("client_id"), breach=OuterRef("pk")).order_by()
    people = Subquery(assessed.values("breach").annotate(most=Max("people")).values("most"))
    moments = ("known_at", "due_at", "authority_notified_at", "client_informed_at", "people_informed_at", "closed_at")
    return _to_rows(found.annotate(people=people).order_by("known_at", "pk").values_list("outcome", "people", *moments))


def _gather_disclosures(client: Client, period: Period) -> Rows:
    """Return the disclosures, counted under the names that their purposes had then, the client's before PakTaleem's."""
    found = Disclosure.objects.filter(client_id=client.pk, shared_at__gte=period.since, shared_at__lt=period.until)
    names = {name: _name_purpose_then(name, client, period) for name in ("name_en", "name_ur")}
    groups = ("recipient__name", "purpose", *names, "reason")
    return _to_rows(
        found.annotate(**names).order_by().values_list(*groups).annotate(number=Count("pk")).order_by(*groups)
    )


def _name_purpose_then(name: str, client: Client, period: Period) -> Case:
    """Return a purpose's name at the time of sharing, from the few versions of purposes: no query for each row."""
    versions = Purpose.history.filter(client_id__in=[client.pk, PAKTALEEM], history_date__lt=period.until)
    versions = versions.order_by(Case(When(client_id=client.pk, then=0), default=1), "-history_date", "-history_id")
    known = versions.values_list("code", "history_date", name)
    return Case(
        *(When(purpose=code, shared_at__gte=since, then=Value(words)) for code, since, words in known),
        default="purpose",
        output_field=CharField(),
    )


def _gather_demands(client: Client, period: Period) -> Rows:
    """Return the demands of the period; those kept from the client are left out, since it reads the pack."""
    found = LegalDisclosure.objects.filter(client_id=client.pk, is_secret=False, requested_at__lt=period.until)
    found = found.filter(
        Q(requested_at__gte=period.since) | Q(settled_at__gte=period.since) | Q(disclosed_at__gte=period.since)
    )
    return [_describe_demand(row, period.until) for row in found.order_by("requested_at", "pk")]


def _describe_demand(row: LegalDisclosure, until: datetime) -> list[str | int | None]:
    settled_at = row.settled_at if row.settled_at is not None and row.settled_at < until else None
    disclosed_at = row.disclosed_at if row.disclosed_at is not None and row.disclosed_at < until else None
    informed = disclosed_at is not None and row.informed != ""  # else the authority is not named
    outcome = "disclosed" if disclosed_at else "waiting" if settled_at is None else row.state
    if outcome == ChangeState.APPROVED:
        outcome = "approved_not_disclosed"
    return [
        row.instrument,
        row.authority if informed else None,
        _text(row.requested_at),
        outcome,
        _text(settled_at),
        _text(disclosed_at),
        len(row.disclosed if disclosed_at else row.demanded),
        row.informed if informed else None,
    ]


def _gather_disposals(client: Client, period: Period) -> Rows:
    rows: Rows = []
    for kind, model in (("disposal", DisposalCertificate), ("erasure", ErasureCertificate)):
        issued = model.objects.filter(client_id=client.pk, issued_at__gte=period.since, issued_at__lt=period.until)
        found = issued.order_by("issued_at", "pk").values_list("issued_at", "sha256")
        rows += [[kind, _text(moment), digest] for moment, digest in found]
    return rows


_REGISTER = (
    "activity description part_of_paktaleem lawful_basis people categories recipients countries ground_of_transfer "
    "retention impact_assessment"
)
_REQUESTS = "number rights channel received_at due_at answered_at days answered decisions"
_BREACHES = (
    "outcome people known_at authority_due_at authority_notified_at client_informed_at people_informed_at closed_at"
)
_DEMANDS = "legal_basis authority recorded_at outcome decided_at disclosed_at data_categories informed"

SECTIONS: tuple[Section, ...] = (
    Section("register", _REGISTER, _gather_register("en")),
    Section("register-ur", _REGISTER, _gather_register("ur")),
    Section("notices", "title_en title_ur version effective_at replaced_at change sha256", _gather_notices),
    Section("consents", "purpose name_en name_ur answer given_by method number", _gather_consents),
    Section("requests", _REQUESTS, _gather_requests),
    Section("incidents", "cause categories categories_en categories_ur opened_at due_at closed_at", _gather_incidents),
    Section("breaches", _BREACHES, _gather_breaches),
    Section("disclosures", "recipient purpose purpose_en purpose_ur decision number", _gather_disclosures),
    Section("demands", _DEMANDS, _gather_demands),
    Section("disposals", "kind issued_at sha256", _gather_disposals),
)
"""All sections, in their order."""

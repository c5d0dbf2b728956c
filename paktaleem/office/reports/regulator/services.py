"""Packs for regulators: requested by a user, gathered by the worker, taken as PDF or ZIP; and their sections."""

# The pack is canonical JSON whose hash is in the ledger; PDF and ZIP are rendered from it. It names no person: an
# authority asks about single cases by their number.

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, CharField, Count, Max, Model, OuterRef, Q, QuerySet, StringAgg, Subquery, Value, When
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _, gettext_noop

from consent.consents.models import ConsentEvent
from consent.consents.selectors.consents import annotate_asked_words
from consent.decisions.models import DecisionLogSetting, LogMode
from consent.notices.selectors.notices import all_timelines
from consent.notices.selectors.registers import list_category_names
from consent.register.models.purposes import Purpose
from consent.sharing.models import Disclosure, Informed, Instrument, LegalDisclosure
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act, as_given
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import issue, read_body
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.cells import format_cell
from paktaleem.foundation.text.typesetting import typeset_certificate
from paktaleem.office.reports.models import (
    FindingKind,
    PackContent,
    PackState,
    RegulatorPack,
    UseDecision,
    UseFinding,
)
from retention.breaches.models import Breach, BreachAssessment
from retention.disposals.models import Certificate as DisposalCertificate
from retention.holdings.models import Incident
from retention.records.services import build_record, list_rows
from rights.erasures.models import Certificate as ErasureCertificate
from rights.packages.archive import Archive
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
            return [list(cells) for cells in list_rows(record)]

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


def _gather_use(client: Client, period: Period) -> Rows:
    """Return the findings about use of the period, with what staff decided; not the ground, which is free text."""
    until = client.day_at(period.until - timedelta(microseconds=1))
    found = UseFinding.objects.filter(client_id=client.pk, first_on__lte=until)
    found = found.filter(last_on__gte=client.day_at(period.since)).order_by("first_on", "kind", "pk")
    return _to_rows(found.values_list(*_USE.split()))


def _gather_log(client: Client, period: Period) -> Rows:
    """Return how decisions were logged at the beginning of the period, and each change within it."""
    changes = DecisionLogSetting.history.filter(client_id=client.pk, history_date__lt=period.until)
    values = changes.order_by("history_date", "history_id").values_list("mode", "days_kept", "history_date")
    settings = [(LogMode.COUNTS.value, None, None), *values]
    earlier = sum(1 for *_setting, changed_at in settings[1:] if changed_at <= period.since)
    return [
        [mode, days if mode == LogMode.EVERY else None, _text(changed_at)]
        for mode, days, changed_at in settings[earlier:]
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
    "retention impact_assessment systems"
)
_REQUESTS = "number rights channel received_at due_at answered_at days answered decisions"
_BREACHES = (
    "outcome people known_at authority_due_at authority_notified_at client_informed_at people_informed_at closed_at"
)
_DEMANDS = "legal_basis authority recorded_at outcome decided_at disclosed_at data_categories informed"
_USE = "kind what source purpose number first_on last_on decision decided_at decided_role"

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
    Section("log", "mode days_kept changed_at", _gather_log),
    Section("use", _USE, _gather_use),
    Section("disposals", "kind issued_at sha256", _gather_disposals),
)
"""All sections, in their order."""


def _choices(model: Any, field: str) -> Mapping[str, Any]:
    return dict(model._meta.get_field(field).flatchoices)


_OUTCOMES = {
    **dict(ChangeState.choices),
    "approved_not_disclosed": _("Approved, not disclosed yet"),
    "disclosed": _("Disclosed"),
}
_NAMES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("consents", "answer"): _choices(ConsentEvent, "state"),
    ("consents", "given_by"): _choices(ConsentEvent, "given_by"),
    ("consents", "method"): _choices(ConsentEvent, "method"),
    ("requests", "rights"): _choices(RequestPart, "kind"),
    ("requests", "answered"): {
        "open": _("Open"),
        "in time": _("In time"),
        "late": _("Late"),
        "not delivered": _("Not delivered"),
    },
    ("incidents", "cause"): _choices(Incident, "cause"),
    ("breaches", "outcome"): _choices(Breach, "outcome"),
    ("disclosures", "decision"): {},
    ("demands", "legal_basis"): dict(Instrument.choices),
    ("demands", "outcome"): _OUTCOMES,
    ("demands", "informed"): dict(Informed.choices),
    ("log", "mode"): dict(LogMode.choices),
    ("use", "kind"): dict(FindingKind.choices),
    ("use", "decision"): dict(UseDecision.choices),
    ("disposals", "kind"): {"disposal": _("Disposal"), "erasure": _("Erasure of a person")},
}
"""Names of the codes in the columns of the sections that the PDF prints; a decision's reason is its code in words."""


def name_codes(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return the English and Urdu names of the codes in each column that has names, by section and column."""
    found: dict[str, dict[str, list[str]]] = {}
    for (code, column), names in _NAMES.items():
        if code not in sections:
            continue  # a pack of before the section
        section = sections[code]
        place = section["columns"].index(column)
        codes = {one for row in section["rows"] for one in (row[place] or "").split(", ")}
        if codes:
            found[f"{code}.{column}"] = {one: _in_both_languages(names.get(one), one) for one in codes}
    return found


def _in_both_languages(name: Promise | str | None, code: str) -> list[str]:
    found = []
    for language in ("en", "ur"):
        with translation.override(language):
            found.append(gettext(code.replace("_", " ") if name is None else str(name)))
    return found


MOST_REQUESTS = 200
"""Largest number of rows of a section that the PDF lists; the ZIP has all of them."""


def _render_pack(body: Mapping[str, Any], sha256: str) -> bytes:
    sections = {
        code: {**section, "rows": section["rows"][:MOST_REQUESTS]} for code, section in body["sections"].items()
    }
    totals = {code: len(section["rows"]) for code, section in body["sections"].items()}
    content = {**body, "sections": sections, "totals": totals, "names": name_codes(body["sections"])}
    return typeset_certificate(Path(__file__).with_name("pack.typ"), content, sha256=sha256)


GATHER = "regulator.gather"
VERSION = 1
_LONGEST = timedelta(days=3 * 366)
_TOO_LONG = gettext_noop("Choose a period of at most three years.")
_TOO_LATE = gettext_noop("Choose a day that is not in the future.")
_BACKWARDS = gettext_noop("Choose a day that is not before the first one.")


@transaction.atomic
def request_pack(
    client: Client, *, since: date, until: date, actor: Actor, reason: Reason | str, at: datetime
) -> RegulatorPack:
    """Request a pack about a client and a period of days in its time zone; the worker gathers it.

    Raises NotAllowed, ValidationError for a period that is backwards, in the future or longer than three years.
    """
    require(actor, Capability.ADMINISTER_CLIENT, client.pk)
    row = RegulatorPack(client_id=client.pk, since_on=since, until_on=until)
    if until < since:
        raise ValidationError({"until_on": [_BACKWARDS]})
    if until - since > _LONGEST:
        raise ValidationError({"until_on": [_TOO_LONG]})
    if until > client.day_at(at):
        raise ValidationError({"until_on": [_TOO_LATE]})
    row.reason_code, row.requested_at = Reason(reason).value, at
    row.requester_id, row.requested_role = actor.id, str(actor.role)
    row.save(force_insert=True)
    _record("regulator_pack.requested", row, actor, at, reason=row.reason_code)
    enqueue_job(GATHER, client=str(row.client_id), pack=str(row.pk))
    return row


@transaction.atomic
def gather_section(pack: UUID, *, client_id: UUID, actor: Actor, at: datetime) -> bool:
    """Gather the next section; issue the content after the last one. Return True if sections are left.

    Each section has its own transaction, so that the page shows the progress and a killed worker loses one section.
    Raises NotAllowed.
    """
    require(actor, Capability.ADMINISTER_CLIENT, client_id)
    row = RegulatorPack.objects.select_for_update(of=("self",)).get(pk=pack, client_id=client_id)
    if row.state != PackState.GATHERING:
        return False
    client, section = Client.objects.get(pk=client_id), SECTIONS[row.done]
    since, until = row.bounds(client.time_zone)
    rows = section.gather(client, Period(since, until, at))
    row.parts = {**row.parts, section.code: {"columns": list(section.columns), "rows": rows}}
    row.done += 1
    if row.done < len(SECTIONS):
        row.save(update_fields=["parts", "done"])
        return True
    new, content = PackContent(client_id=client_id, pack=row), _compose(row, client, at)
    facts = {"pack": str(row.pk), "since": row.since_on.isoformat(), "until": row.until_on.isoformat()}
    issue(new, "regulator_pack.built", content, client_id=client_id, facts=facts, actor=actor, at=at)
    row.state, row.ready_at, row.parts = PackState.READY, at, {}
    row.save(update_fields=["parts", "done", "state", "ready_at"])
    return False


def _compose(row: RegulatorPack, client: Client, at: datetime) -> dict[str, Any]:
    return {
        "type": "regulator_pack",
        "version": VERSION,
        "pack": str(row.pk),
        "client": {"code": client.code, "name": client.name, "time_zone": str(client.time_zone)},
        "since": row.since_on.isoformat(),
        "until": row.until_on.isoformat(),
        "requested_by": row.requested_role,
        "built_at": at.isoformat(timespec="seconds"),
        "sections": row.parts,
    }


@transaction.atomic
def fail_pack(pack: UUID, *, client_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that a pack could not be gathered; staff can try again. Raises NotAllowed."""
    require(actor, Capability.ADMINISTER_CLIENT, client_id)
    row = RegulatorPack.objects.select_for_update(of=("self",)).get(pk=pack, client_id=client_id)
    if row.state == PackState.GATHERING:
        row.state = PackState.FAILED
        row.save(update_fields=["state"])
        _record("regulator_pack.failed", row, actor, at, section=SECTIONS[row.done].code)


@act(
    "again",
    "Try again",
    Capability.ADMINISTER_CLIENT,
    lead="The worker goes on with the section that failed.",
    done="The pack is being gathered.",
    lock=as_given,
)
def retry_pack(pack: RegulatorPack, *, actor: Actor, reason: Reason | str, at: datetime) -> None:
    """Gather a failed pack again, from the section that failed. Raises NotAllowed."""
    row = RegulatorPack.objects.select_for_update(of=("self",)).get(pk=pack.pk, client_id=pack.client_id)
    if row.state == PackState.FAILED:
        row.state = PackState.GATHERING
        row.save(update_fields=["state"])
        _record("regulator_pack.requested", row, actor, at, reason=Reason(reason).value)
        enqueue_job(GATHER, client=str(row.client_id), pack=str(row.pk))


@transaction.atomic
def take_pack(pack: RegulatorPack, *, form: str, actor: Actor, reason: Reason | str, at: datetime) -> bytes:
    """Return a pack as ``pdf`` or ``zip``, and record it. Raises NotAllowed, Refused, ValueError for a wrong hash."""
    require(actor, Capability.ADMINISTER_CLIENT, pack.client_id)
    content = PackContent.objects.filter(client_id=pack.client_id, pack=pack).first()
    if content is None:
        raise Refused(_("The pack is not ready yet."))
    body = read_body(content)
    pdf = _render_pack(body, content.sha256)
    file = pdf if form == "pdf" else _archive(content, body, pdf)
    _record("regulator_pack.taken", pack, actor, at, reason=Reason(reason).value, format=form, sha256=content.sha256)
    return file


def _archive(content: PackContent, body: dict[str, Any], pdf: bytes) -> bytes:
    file = io.BytesIO()
    with Archive(file, at=content.issued_at) as archive:
        with archive.entry("pack.pdf") as entry:
            entry.write(pdf)
        with archive.entry("pack.json") as entry:
            entry.write(content.body.encode())
        for code, section in body["sections"].items():
            with archive.entry(f"{code}.csv") as entry:
                entry.write_rows(section["columns"], ([format_cell(cell) for cell in row] for row in section["rows"]))
        archive.finish({"pack": body["pack"], "sha256_of_pack_json": content.sha256})
    return file.getvalue()


def _record(kind: str, row: RegulatorPack, actor: Actor, at: datetime, **facts: object) -> None:
    about = {"pack": str(row.pk), "since": row.since_on.isoformat(), "until": row.until_on.isoformat(), **facts}
    record_entry(kind, client_id=row.client_id, facts=about, actor=actor, at=at)

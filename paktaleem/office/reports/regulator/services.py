"""Packs for regulators: requested by a user, gathered by the worker, taken as PDF or ZIP."""

# The pack is canonical JSON whose hash is in the ledger; PDF and ZIP are rendered from it. It names no person: an
# authority asks about single cases by their number.

import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from consent.consents.models import ConsentEvent
from consent.sharing.models import Informed, Instrument
from paktaleem.foundation.accounts.actors import Actor, require
from paktaleem.foundation.accounts.acts import Refused, act
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import issue, read_body
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.text.cells import format_cell
from paktaleem.foundation.text.typesetting import typeset_certificate
from paktaleem.office.reports.models import PackContent, PackState, RegulatorPack
from paktaleem.office.reports.regulator.sections import SECTIONS, Period
from retention.breaches.models import Breach
from retention.holdings.models import Incident
from rights.packages.archive import Archive
from rights.requests.models import RequestPart


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
    ("disposals", "kind"): {"disposal": _("Disposal"), "erasure": _("Erasure of a person")},
}
"""Names of the codes in the columns of the sections that the PDF prints; a decision's reason is its code in words."""


def name_codes(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return the English and Urdu names of the codes in each column that has names, by section and column."""
    found: dict[str, dict[str, list[str]]] = {}
    for (code, column), names in _NAMES.items():
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
    if until > at.astimezone(ZoneInfo(client.time_zone)).date():
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

"""Helpers of the paper tests: forms and filled-in sheets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from consent.paper.models import Addressee, AnswerSheet, FormPage, FormRun, SheetEntry
from consent.paper.services.forms import make_form
from consent.paper.services.sheets import upload_sheet
from consent.paper.sheets import format_code
from paktaleem.directory.people.models import Subject
from tests.cast import Cast

HEADER = ("code", "newsletter", "product_research", "answered_by", "method", "answered_on", "note")
BOTH = ("newsletter", "product_research")
GUARDIAN_HEADER = (
    "code",
    "platform-use",
    "outside-recipients",
    "newsletter",
    "product_research",
    "answered_by",
    "guardian-id",
    "guardian-name",
    "guardian-relationship",
    "method",
    "answered_on",
    "note",
)


def form_for(
    cast: Cast, people: Sequence[Subject], at: datetime, purposes: Sequence[str] = BOTH, client: str = "indus"
) -> FormRun:
    """Return a form of Indus for some people, made by its administrator."""
    by = {"indus": "farah", "khyber": "celia"}[client]
    return make_form(
        cast.client(client), name="Grade 7 B", purposes=purposes, people=people, actor=cast.actor(by), at=at
    )


def guardians_form(cast: Cast, people: Sequence[Subject], at: datetime, purposes: Sequence[str] = BOTH) -> FormRun:
    """Return a form of Indus for the guardians of some children."""
    return make_form(
        cast.client("indus"),
        name="Grade 3 A",
        purposes=purposes,
        people=people,
        addressee=Addressee.GUARDIAN,
        actor=cast.actor("farah"),
        at=at,
    )


def signed(code: str, service: str = "yes", newsletter: str = "", research: str = "", **changed: str) -> dict[str, str]:
    """Return one filled-in row of a form for guardians; by default signed by Esra on 30 September."""
    values = dict.fromkeys(GUARDIAN_HEADER, "")
    values |= {"code": code, "platform-use": service, "newsletter": newsletter, "product_research": research}
    values |= {"answered_by": "guardian", "guardian-id": "lms-esra", "method": "paper", "answered_on": "2026-09-30"}
    return {**values, "note": "Folder 3 A", **changed}


def code_of(run: FormRun, subject: Subject) -> str:
    """Return the code on a person's page, as printed."""
    return format_code(FormPage.objects.get(run=run, subject=subject).code)


def line(code: str, newsletter: str = "yes", research: str = "", **changed: str) -> dict[str, str]:
    """Return one filled-in row; by default answered on paper by the person on 30 September."""
    values = {"answered_by": "self", "method": "paper", "answered_on": "2026-09-30", "note": "Box 3", **changed}
    return {"code": code, "newsletter": newsletter, "product_research": research, **values}


def sheet_of(*lines: Mapping[str, str]) -> bytes:
    """Return a sheet with these rows."""
    header = GUARDIAN_HEADER if any("platform-use" in one for one in lines) else HEADER
    rows = [",".join(header), *(",".join(one.get(name, "") for name in header) for one in lines)]
    return "\n".join(rows).encode()


def bring(cast: Cast, at: datetime, *lines: Mapping[str, str], **changed: Any) -> AnswerSheet:
    """Upload a sheet with these rows."""
    values = {"client": cast.client("indus"), "actor": cast.actor("farah"), "at": at, **changed}
    return upload_sheet(sheet_of(*lines), **values)


def entries_of(sheet: AnswerSheet) -> list[SheetEntry]:
    """Return the rows of a sheet in the queue, in order."""
    return list(SheetEntry.objects.filter(sheet=sheet).order_by("number"))


def stands(sheet: AnswerSheet) -> list[tuple[str, str]]:
    """Return state and problem of the rows of a sheet."""
    return [(entry.state, entry.problem) for entry in entries_of(sheet)]

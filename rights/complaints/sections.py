"""Sections of a copy of a person's data: cases of supervisory authorities about their requests."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    ACTOR,
    NUMBER,
    RECORDED,
    TEXT,
    Column,
    Section,
    Source,
    ValueKind,
    get_actor,
    table_section,
)
from rights.complaints.models import AuthorityCase, CaseDeadline, CaseEntry
from rights.requests.models import RightsRequest
from rights.requests.sections import OF_REQUEST, REQUEST, open_request_text

_OF_CASE = ("case__request__subject",)
_CASE: tuple[tuple[Column, Source], ...] = (
    (NUMBER, "case__request__number"),
    (Column("authority", _("Authority")), "case__authority"),
)
_COUNTRY = Column("country", _("Country"))


def _request_of_case(row: Any) -> RightsRequest:
    found: RightsRequest = row.case.request
    return found


def list_complaint_sections() -> Sequence[Section]:
    """List the sections of an authority's cases, their correspondence and their deadlines."""
    return _cases(), _entries(), _deadlines()


def _cases() -> Section:
    columns: list[tuple[Column, Source]] = [
        REQUEST,
        (_COUNTRY, "country"),
        (Column("authority", _("Authority")), "authority"),
        (Column("origin", _("Began by")), "origin"),
        (Column("reference", _("Reference number")), open_request_text("reference")),
        (Column("opened_on", _("Opened on"), ValueKind.DAY), "opened_on"),
        (Column("outcome", _("Outcome")), "outcome"),
        (Column("measures", _("Measures")), open_request_text("measures")),
        (Column("ended_on", _("Ended on"), ValueKind.DAY), "ended_on"),
        (RECORDED, "recorded_at"),
    ]
    title = _("Cases of supervisory authorities about your requests")
    return table_section("authority_cases", title, AuthorityCase, columns, of=OF_REQUEST)


def _entries() -> Section:
    columns: list[tuple[Column, Source]] = [
        *_CASE,
        (Column("direction", _("Direction")), "direction"),
        (Column("on", _("Day"), ValueKind.DAY), "on"),
        (TEXT, open_request_text("text", _request_of_case)),
        (RECORDED, "at"),
        (ACTOR, get_actor),
    ]
    title = _("Messages from and to supervisory authorities")
    return table_section("authority_messages", title, CaseEntry, columns, of=_OF_CASE)


def _deadlines() -> Section:
    columns: list[tuple[Column, Source]] = [
        *_CASE,
        (Column("what", _("What is due")), open_request_text("what", _request_of_case)),
        (Column("due_on", _("Due on"), ValueKind.DAY), "due_on"),
        (Column("done_at", _("Done"), ValueKind.TIME), "done_at"),
    ]
    title = _("Deadlines of supervisory authorities")
    return table_section("authority_deadlines", title, CaseDeadline, columns, of=_OF_CASE)

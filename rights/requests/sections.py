"""Sections of a copy of a person's data: their rights requests, with what was written and decided.

A guardian's request is listed in the copies of the child and of the guardian. The texts of a request (details, contact,
answer, reasons, notes) are in a copy for the one who made it only. They are sealed under the key of the request, which
is destroyed some time after its end.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.sections import (
    ACTOR,
    CHANNEL,
    CLOSED,
    DUE,
    NUMBER,
    PART,
    PURPOSES,
    RECORDED,
    STATE,
    TEXT,
    Column,
    Reader,
    Section,
    Source,
    Value,
    ValueKind,
    get_actor,
    get_part,
    table_section,
)
from paktaleem.foundation.audit.acts import ACT_NAMES
from rights.requests.models import STATE_LABELS, RequestExtension, RequestNote, RequestPart, RequestStep, RightsRequest
from rights.requests.sealing import open_text

OF_REQUEST = ("request__subject", "request__requester")
"""The people of a row about a request: whom it is about, and the guardian who made it."""
_FAMILY = "rights_request."
_STEPS = {kind.removeprefix(_FAMILY): _(name) for kind, name in ACT_NAMES.items() if kind.startswith(_FAMILY)}
REQUEST: tuple[Column, Source] = (NUMBER, "request__number")
"""The column with the number of a row's request."""


def open_request_text(field: str, get_request: Callable[[Any], RightsRequest] | None = None) -> Source:
    """Return a source that opens a text of a request, or of a row about one, in the copy for the one who made it.

    It is None in a copy for anyone else, and once the key is destroyed. ``get_request`` returns the request of a row;
    by default it is its ``request``.
    """

    def read(row: Any, reader: Reader) -> Value:
        request = get_request(row) if get_request is not None else row.request
        writer_id = request.requester_id or request.subject_id
        if request.wrapped is None or writer_id != reader.recipient_id:
            return None
        return open_text(request, row=row, field=field) or None

    return read


def _open_own(field: str) -> Source:
    return open_request_text(field, lambda row: row)


def list_request_sections() -> Sequence[Section]:
    """List the sections of rights requests."""
    return (_requests(), _parts(), *_texts(), _steps())


def _requests() -> Section:
    columns: list[tuple[Column, Source]] = [
        (NUMBER, "number"),
        (PART, get_part("subject", "requester")),
        (CHANNEL, "channel"),
        (STATE, "state"),
        (Column("identity", _("Identity verified by")), "identity_method"),
        (Column("details", _("Details")), _open_own("details")),
        (Column("contact", _("Contact")), _open_own("contact")),
        (Column("answer", _("Answer")), _open_own("answer")),
        (Column("received_at", _("Received"), ValueKind.TIME), "received_at"),
        (DUE, "due_at"),
        (Column("answered_at", _("Answered"), ValueKind.TIME), "answered_at"),
        (CLOSED, "closed_at"),
    ]
    return table_section("requests", _("Your rights requests"), RightsRequest, columns, of=("subject", "requester"))


def _parts() -> Section:
    columns: list[tuple[Column, Source]] = [
        REQUEST,
        (Column("right", _("Right")), "kind"),
        (Column("decider", _("Decided by")), "decider"),
        (PURPOSES, "purposes"),
        (Column("decision", _("Decision")), "decision"),
        (Column("refusal_code", _("Refusal")), "refusal_code"),
        (Column("reasons", _("Reasons")), open_request_text("reasons")),
        (Column("decided_at", _("Decided"), ValueKind.TIME), "decided_at"),
    ]
    return table_section("request_parts", _("Decisions about your requests"), RequestPart, columns, of=OF_REQUEST)


def _texts() -> Sequence[Section]:
    by_at: list[tuple[Column, Source]] = [(RECORDED, "at"), (ACTOR, get_actor)]
    return (
        table_section(
            "request_extensions",
            _("Extensions of your requests"),
            RequestExtension,
            [
                REQUEST,
                (Column("days", _("Days"), ValueKind.NUMBER), "days"),
                (Column("reasons", _("Reasons")), open_request_text("reason")),
                *by_at,
            ],
            of=OF_REQUEST,
        ),
        table_section(
            "request_notes",
            _("Notes of staff about your requests"),
            RequestNote,
            [REQUEST, (TEXT, open_request_text("text")), *by_at],
            of=OF_REQUEST,
        ),
    )


def _steps() -> Section:
    columns: list[tuple[Column, Source]] = [
        REQUEST,
        (Column("step", _("Step"), labels=_STEPS), "kind"),
        (replace(STATE, labels=dict(STATE_LABELS)), "state"),
        (RECORDED, "at"),
        (ACTOR, get_actor),
    ]
    return table_section("request_steps", _("Course of your requests"), RequestStep, columns, of=OF_REQUEST)

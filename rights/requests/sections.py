"""Sections of a copy of a person's data: their rights requests, with what was written and decided.

Texts are sealed under the key of the request, which is destroyed some time after its end.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.copies.sections import (
    ACTOR,
    CHANNEL,
    CLOSED,
    DUE,
    NUMBER,
    PURPOSES,
    RECORDED,
    REQUESTED,
    SETTLED,
    STATE,
    TEXT,
    Column,
    Reader,
    Section,
    Source,
    Value,
    ValueKind,
    get_actor,
    open_column,
    table_section,
)
from paktaleem.foundation.audit.acts import ACT_NAMES
from rights.requests.models import (
    Overruling,
    RequestExtension,
    RequestNote,
    RequestPart,
    RequestStep,
    RightsRequest,
)
from rights.requests.models.requests import STATE_LABELS
from rights.requests.sealing import open_text

__all__ = ["OF_REQUEST", "REQUEST", "list_request_sections", "open_request_text"]

OF_REQUEST = ("request__subject",)
"""The person of a row about a request."""
_FAMILY = "rights_request."
_STEPS = {kind.removeprefix(_FAMILY): _(name) for kind, name in ACT_NAMES.items() if kind.startswith(_FAMILY)}
REQUEST: tuple[Column, Source] = (NUMBER, "request__number")
"""The column with the number of a row's request."""


def open_request_text(field: str, get_request: Callable[[Any], RightsRequest] | None = None) -> Source:
    """Return a source that opens a text of a request, or of a row about one; None once its key is destroyed.

    ``get_request`` returns the request of a row; by default it is its ``request``.
    """

    def read(row: Any, _reader: Reader) -> Value:
        request = get_request(row) if get_request is not None else row.request
        return None if request.wrapped is None else open_text(request, row=row, field=field) or None

    return read


def _open_own(field: str) -> Source:
    return open_request_text(field, lambda row: row)


def list_request_sections() -> Sequence[Section]:
    """List the sections of rights requests."""
    return (_requests(), _parts(), *_texts(), _steps(), _overrulings())


def _requests() -> Section:
    columns: list[tuple[Column, Source]] = [
        (NUMBER, "number"),
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
    return table_section("requests", _("Your rights requests"), RightsRequest, columns)


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


def _overrulings() -> Section:
    columns: list[tuple[Column, Source]] = [
        (Column("purpose", _("Purpose")), "objection__purpose_code"),
        (Column("grounds", _("Compelling grounds")), open_column("grounds")),
        (STATE, "state"),
        (REQUESTED, "requested_at"),
        (SETTLED, "settled_at"),
    ]
    title = _("Proposals to overrule your objections")
    return table_section("overrulings", title, Overruling, columns, of=("objection__subject",))

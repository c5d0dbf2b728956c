"""Sections of a copy of a person's data: their rights requests, with what was written and decided.

A guardian's request is listed in the copies of the child and of the guardian. The texts of a request (details, contact,
answer, reasons, notes) are in a copy for the one who made it only. They are sealed under the key of the request, which
is destroyed some time after its end.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Source, Value
from paktaleem.foundation.audit.acts import ACT_NAMES
from rights.requests.models import RequestExtension, RequestNote, RequestPart, RequestStep, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.states import State

OF_REQUEST = ("request__subject", "request__requester")
"""The people of a row about a request: whom it is about, and the guardian who made it."""
_FAMILY = "rights_request."
_STEPS = {kind.removeprefix(_FAMILY): _(name) for kind, name in ACT_NAMES.items() if kind.startswith(_FAMILY)}


def open_request_texts(*fields: str, request: str = "request") -> dict[str, Source]:
    """Return sources that open texts of rows about a request, in the copy for the one who made it.

    A text is None in a copy for anyone else, and once the key is destroyed. ``request`` is the path of the row's
    request; empty if the row is one.
    """
    return {field: _open_text(field, request) for field in fields}


def _open_text(field: str, path: str) -> Source:
    get_request = attrgetter(path.replace("__", ".")) if path else None

    def read(row: Any, reader: Reader) -> Value:
        request: RightsRequest = get_request(row) if get_request else row
        writer_id = request.requester_id or request.subject_id
        if request.wrapped is None or writer_id != reader.recipient_id:
            return None
        return open_text(request, row=row, field=field) or None

    return read


_REQUESTS = Copied(
    "requests",
    _("Your rights requests"),
    "number part channel state identity=identity_method details contact answer received_at due_at answered_at "
    "closed_at",
    of=("subject", "requester"),
    titles={"identity": _("Identity verified by"), "details": _("Details"), "contact": _("Contact")},
    read=open_request_texts("details", "contact", "answer", request=""),
)
_PARTS = Copied(
    "request_parts",
    _("Decisions about your requests"),
    "number=request__number right=kind decider purposes decision refusal_code reasons decided_at",
    of=OF_REQUEST,
    titles={"right": _("Right"), "decider": _("Decided by"), "refusal_code": _("Refusal")},
    read=open_request_texts("reasons"),
)
_EXTENSIONS = Copied(
    "request_extensions",
    _("Extensions of your requests"),
    "number=request__number days reasons recorded_at=at by",
    of=OF_REQUEST,
    titles={"days": _("Days")},
    read={"reasons": _open_text("reason", "request")},
)
_NOTES = Copied(
    "request_notes",
    _("Notes of staff about your requests"),
    "number=request__number text recorded_at=at by",
    of=OF_REQUEST,
    read=open_request_texts("text"),
)
_COURSE = Copied(
    "request_steps",
    _("Course of your requests"),
    "number=request__number step=kind state recorded_at=at by",
    of=OF_REQUEST,
    titles={"step": _("Step")},
    labels={"step": _STEPS, "state": dict(State.choices)},
)


def list_request_sections() -> Sequence[Section]:
    return (
        _REQUESTS.make_section(RightsRequest),
        _PARTS.make_section(RequestPart),
        _EXTENSIONS.make_section(RequestExtension),
        _NOTES.make_section(RequestNote),
        _COURSE.make_section(RequestStep),
    )

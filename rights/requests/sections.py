"""Sections of a copy about rights requests; the texts of a request are in the copy for the one who made it only."""

from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Reader, Source, Value
from paktaleem.foundation.audit.names import ACT_NAMES
from rights.requests.sealing import open_text

OF_REQUEST = ("request__subject", "request__requester")
"""The people of a row about a request: whom it is about, and the guardian who made it."""
_FAMILY = "rights_request."
STEPS = {kind.removeprefix(_FAMILY): _(name) for kind, name in ACT_NAMES.items() if kind.startswith(_FAMILY)}
"""Names of the steps of a request."""


def open_request_texts(*fields: str, request: str = "request") -> dict[str, Source]:
    """Return sources that open texts for the one who made the request; ``request`` is its path from the row."""
    return {field: open_request_text(field, request) for field in fields}


def open_request_text(field: str, path: str = "request") -> Source:
    """Return the source of one text, as ``open_request_texts`` does."""
    get_request = attrgetter(path.replace("__", ".")) if path else None

    def read(row: Any, reader: Reader) -> Value:
        request = get_request(row) if get_request else row
        writer_id = request.requester_id or request.subject_id
        if request.wrapped is None or writer_id != reader.recipient_id:
            return None
        return open_text(request, row=row, field=field) or None

    return read

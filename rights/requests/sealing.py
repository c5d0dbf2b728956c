"""Encryption of a request's texts under a key of the request, with or without a known person."""

from typing import TYPE_CHECKING

from django.db.models import Model

from paktaleem.foundation.encryption.sealing import Sealed, Sealer, wrap_new_key

if TYPE_CHECKING:
    from rights.requests.models import RightsRequest


def create_key(request: "RightsRequest") -> Sealer:
    """Create the key of a new request and return its sealer; the caller saves the request."""
    sealer, request.epoch, request.wrapped = wrap_new_key(request.client_id, request.pk)
    return sealer


def seal_text(request: "RightsRequest", text: str, *, row: Model, field: str) -> Sealed | None:
    """Seal a text of a request, or of a row about it, for its column; None for an empty text. Raises CannotOpen."""
    return Sealer.of_row(request).seal(text, column=_column(request, row, field)) if text else None


def open_text(request: "RightsRequest", *, row: Model, field: str) -> str:
    """Return the text of a column, empty if there is none. Raises CannotOpen if the key is destroyed."""
    sealed: Sealed | None = getattr(row, field)
    return "" if sealed is None else Sealer.of_row(request).open(sealed, column=_column(request, row, field))


def _column(request: "RightsRequest", row: Model, field: str) -> str:
    """Name a column; a row about a request is bound to its own id, so that texts cannot be exchanged."""
    column = f"{row._meta.db_table}.{field}"
    return column if row == request else f"{column}/{row.pk}"

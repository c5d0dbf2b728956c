"""The two downloads of a certificate, as acts of the row that it certifies."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.certificates import IssuedCertificate, read_body
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.row_actions import RowAction


class Render(Protocol):
    """Returns the PDF of a certificate's content."""

    def __call__(self, body: Mapping[str, Any], /, *, sha256: str) -> bytes:
        """Return the PDF."""


def certificate_actions(
    capability: Capability,
    *,
    find: Callable[[Any], IssuedCertificate | None],
    render: Render,
    name: Callable[[Any], str],
    applies: Callable[[Any, datetime], bool],
) -> tuple[RowAction, RowAction]:
    """Return the acts that download a row's certificate as PDF and as JSON; without one they do nothing.

    ``name`` returns the file's name without its ending.
    """

    def download_pdf(row: Any, _given: dict[str, Any], _request: HttpRequest) -> HttpResponse | None:
        if (found := find(row)) is None:
            return None
        return _send(render(read_body(found), sha256=found.sha256), "application/pdf", f"{name(row)}.pdf")

    def download_json(row: Any, _given: dict[str, Any], _request: HttpRequest) -> HttpResponse | None:
        if (found := find(row)) is None:
            return None
        return _send(found.body.encode(), "application/json", f"{name(row)}.json")

    return (
        RowAction(
            "certificate-pdf",
            "Certificate (PDF)",
            capability,
            download_pdf,
            form=ActionForm,
            lead="In English and Urdu, without personal data. You may hand it out.",
            applies=applies,
        ),
        RowAction(
            "certificate-json",
            "Certificate (JSON)",
            capability,
            download_json,
            form=ActionForm,
            lead="The exact text whose SHA-256 is in the ledger, without personal data.",
            applies=applies,
        ),
    )


def _send(content: bytes, media: str, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=media, headers={"Content-Disposition": disposition})

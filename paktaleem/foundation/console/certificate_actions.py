"""The two downloads of a certificate, as acts of the row that it certifies."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.audit.certificates import IssuedCertificate, read_body
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.row_actions import RowAction


def certificate_actions(
    capability: Capability,
    *,
    find: Callable[[Any], IssuedCertificate | None],
    render: Callable[..., bytes],
    name: Callable[[Any], str],
    applies: Callable[[Any, datetime], bool],
) -> tuple[RowAction, RowAction]:
    """Return the acts that download a row's certificate as PDF and as JSON; without one they do nothing.

    ``render`` returns the PDF of its content and ``sha256``; ``name`` the file's name without its ending.
    """

    def make(ending: str, lead: str, read: Callable[[IssuedCertificate], bytes]) -> RowAction:
        def send(row: object, _given: object, _request: HttpRequest) -> HttpResponse | None:
            if (found := find(row)) is None:
                return None
            headers = {"Content-Disposition": f'attachment; filename="{name(row)}.{ending}"'}
            return HttpResponse(read(found), content_type=f"application/{ending}", headers=headers)

        slug, label = f"certificate-{ending}", f"Certificate ({ending.upper()})"
        return RowAction(slug, label, capability, send, form=ActionForm, lead=lead, applies=applies)

    return (
        make(
            "pdf",
            "In English and Urdu, without personal data. You may hand it out.",
            lambda found: render(read_body(found), sha256=found.sha256),
        ),
        make(
            "json",
            "The exact text whose SHA-256 is in the ledger, without personal data.",
            lambda found: found.body.encode(),
        ),
    )

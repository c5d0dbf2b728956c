"""Order exports of lists from the worker, and take their files."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client as Browser

from paktaleem.directory.files.exports.models import ListExport
from paktaleem.directory.files.exports.services import WRITE, ExportRequest, request_export
from paktaleem.directory.files.exports.tasks import write_export
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.working import work

PAGE = "/admin/exports/listexport/"


def ordered(cast: Cast, actor: Actor, *, client: str = "indus", kind: str = "csv", **filters: str) -> ListExport:
    """Request an export of people, as the page of the list does for many rows."""
    facts = {"list": "subjects.subject", "format": kind, "reason": "review", "filters": {}, "rows": 9}
    wanted = ExportRequest("subjects.subject", kind, urlencode(filters), Capability.VIEW_SUBJECTS, 9, facts)
    now = wall_clock_now()
    by: dict[str, Any] = {"actor": actor, "reason": "review", "received_at": now, "at": now}
    with in_client(cast.client_id(client), schools=actor.schools):
        return request_export(wanted, client_id=cast.client_id(client), **by)


def written(row: ListExport) -> ListExport:
    """Let the worker do the waiting jobs, and return the export."""
    work({WRITE: write_export})
    return reread(row)


def reread(row: ListExport) -> ListExport:
    with in_client(row.client_id):
        found: ListExport = ListExport.objects.get(pk=row.pk)
        return found


def fetch(browser: Browser, row: ListExport) -> Any:
    """Download the file of an export in the console."""
    return browser.post(f"{PAGE}{row.pk}/fetch/", {"reason": "review"})

"""Corrections on the person's own page, and the step that follows a new request."""

from datetime import datetime
from typing import Any

from rights.rectifications.models import CorrectionState
from rights.rectifications.selectors import list_corrections, waiting_fields
from rights.rectifications.services.statements import find_open_part
from rights.requests.models import RightKind, RightsRequest
from rights.requests.services.steps import list_parts

PAGE = "requests-corrections"


def corrections_extra(request: RightsRequest, at: datetime) -> dict[str, Any] | None:
    """Return the corrections of a request, and the way to add one; None for a request about other rights."""
    del at
    if not any(part.kind == RightKind.RECTIFICATION for part in list_parts(request)):
        return None
    waiting = waiting_fields(request)
    rows = [(row, row.state == CorrectionState.MADE and row.field in waiting) for row in list_corrections(request)]
    may_add = request.is_open and request.answered_at is None and find_open_part(request) is not None
    return {"template": "rights/corrections_extra.html", "rows": rows, "may_add": may_add, "page": PAGE}


def find_next_step(request: RightsRequest) -> str | None:
    """Return the page on which the person says what is wrong, after a new request for rectification."""
    return PAGE if any(part.kind == RightKind.RECTIFICATION for part in list_parts(request)) else None

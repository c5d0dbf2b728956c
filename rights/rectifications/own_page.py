"""Corrections on the person's own page."""

from typing import Any

from rights.rectifications.models import CorrectionState
from rights.rectifications.selectors import list_corrections, waiting_fields
from rights.rectifications.services.statements import find_open_part
from rights.requests.models import RightKind, RightsRequest
from rights.requests.services.steps import list_parts


def corrections_extra(request: RightsRequest) -> dict[str, Any] | None:
    """Return the corrections of a request, and the way to add one; None for a request about other rights."""
    if not any(part.kind == RightKind.RECTIFICATION for part in list_parts(request)):
        return None
    waiting = waiting_fields(request)
    rows = [(row, row.state == CorrectionState.MADE and row.field in waiting) for row in list_corrections(request)]
    may_add = request.is_open and request.answered_at is None and find_open_part(request) is not None
    return {
        "template": "rights/corrections_extra.html",
        "rows": rows,
        "may_add": may_add,
        "page": "requests-corrections",
    }

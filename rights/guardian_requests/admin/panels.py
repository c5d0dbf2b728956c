"""Panel on the page of a guardian's request: the guardian's authority."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from children.guardians.models.guardians import Guardianship, Verification
from children.guardians.selectors.guardians import GuardianshipUnknown, find_request_blocker, get_live_guardianship
from paktaleem.foundation.clock import client_now
from paktaleem.foundation.console.site import site
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import RightKind, RightsRequest

__all__: list[str] = []


@request_panels.connect
def authority_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the panel with the guardian's authority now: relationship, verification, and what they may request."""
    del request
    if row.subject is None or row.requester is None:
        return None
    at = client_now()
    panel: dict[str, Any] = {"template": "console/panels/rights_guardian.html", "guardian": row.requester}
    panel["asks_erasure"] = row.is_open and row.guardian_right == RightKind.ERASURE
    with suppress(GuardianshipUnknown), in_client(row.client_id):
        panel |= _describe(get_live_guardianship(row.subject, row.requester, at=at), at)
    return panel


def _describe(found: Guardianship, at: datetime) -> dict[str, Any]:
    verifications = Verification.objects.filter(client_id=found.client_id, guardianship=found)
    return {
        "row": found,
        "url": reverse("admin:children_guardianship_change", args=[found.pk], current_app=site.name),
        "verification": verifications.order_by("-verified_at", "-pk").first(),
        "may_decide": find_request_blocker(found, discloses_data=False, at=at) is None,
        "may_have_copy": find_request_blocker(found, discloses_data=True, at=at) is None,
    }

"""The panel about the copy on the page of a request."""

from typing import Any

from django.http import HttpRequest

from paktaleem.foundation.console.clocks import get_time_of
from rights.packages.models import BuildFailure, PackageState
from rights.packages.selectors import count_downloads, find_package, has_contact, is_copy_granted
from rights.requests.admin.panels import request_panels
from rights.requests.models.requests import RightsRequest


@request_panels.connect
def show_package_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the state of the copy of a request; None if none is granted."""
    del request
    if not is_copy_granted(row):
        return None
    package = find_package(row)
    return {
        "template": "console/panels/rights_copy.html",
        "package": package,
        "state": package.get_state_display() if package is not None else "",
        "is_too_large": package is not None and package.failure == BuildFailure.TOO_LARGE,
        "is_defect": package is not None and package.failure == BuildFailure.DEFECT,
        "needs_choice": package is not None and package.state == PackageState.CHOOSING,
        "may_be_fetched": package is not None and package.may_be_fetched(get_time_of(package.client_id)),
        "is_unanswered": package is not None and package.state == PackageState.READY and package.expires_at is None,
        "downloads": 0 if package is None else count_downloads(package),
        "has_contact": has_contact(row.sender),
    }

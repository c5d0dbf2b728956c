"""The copy beside its request on the person's own page."""

from datetime import datetime
from typing import Any

from rights.packages.models import PackageState
from rights.packages.selectors import find_package, is_copy_granted
from rights.requests.models import RightsRequest

__all__ = ["show_package"]


def show_package(request: RightsRequest, at: datetime) -> dict[str, Any] | None:
    """Return what is shown of a copy beside its request; None if none is granted."""
    if not is_copy_granted(request):
        return None
    package = find_package(request)
    return {
        "template": "rights/copy_note.html",
        "package": package,
        "may_be_fetched": package is not None and package.may_be_fetched(at),
        "is_deleted": package is not None and package.state == PackageState.ENDED,
    }

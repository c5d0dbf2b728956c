"""The copy beside its request, on the page of the person or the guardian who made it."""

from datetime import datetime
from typing import Any

from paktaleem.foundation.web.public.pages import page_url
from rights.packages.models import PackageState
from rights.packages.selectors import find_package, is_copy_granted, may_fetch
from rights.requests.models import RightsRequest


def show_package(request: RightsRequest, at: datetime) -> dict[str, Any] | None:
    """Return what is shown of a copy beside its request; None if none is granted, or the request ended before it."""
    if not is_copy_granted(request):
        return None
    package, sender = find_package(request), request.sender
    if not request.is_open and (package is None or package.built_at is None):
        return None
    is_ready = package is not None and package.may_be_fetched(at)
    is_allowed = sender is not None and may_fetch(request, sender, at=at)
    is_own, child = request.requester_id is None, request.subject_id
    url = page_url("requests-copy", request.pk) if is_own else page_url("guardian-copy", child, request.pk)
    return {
        "template": "rights/copy_note.html",
        "package": package,
        "url": url,
        "may_be_fetched": is_ready and is_allowed,
        "is_refused": is_ready and not is_allowed,
        "is_deleted": package is not None and package.state == PackageState.ENDED,
    }

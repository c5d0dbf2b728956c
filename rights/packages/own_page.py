"""The copy beside its request on the person's own page, and above the requests those of a guardian's children."""

from datetime import datetime
from typing import Any

from paktaleem.directory.people.models import Subject
from rights.packages.models import Package, PackageState
from rights.packages.selectors import find_package, is_copy_granted, may_fetch
from rights.requests.models import RightsRequest

__all__ = ["list_copies_of_children", "show_package"]


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


def list_copies_of_children(person: Subject, at: datetime) -> list[dict[str, Any]]:
    """Return the copies that a guardian asked for and may fetch; a handler of ``rights.own_page_notices``."""
    asked = Package.objects.live().filter(client_id=person.client_id, request__requester=person)
    return [
        {"template": "rights/copy_of_child.html", "package": package}
        for package in asked.select_related("request__subject", "request__client").order_by("pk")
        if package.may_be_fetched(at) and may_fetch(package.request, person, at=at)
    ]

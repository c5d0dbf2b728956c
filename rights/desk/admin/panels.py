"""Panels of the desk on the page of a request: letters, tasks, and the other side of a hand-over."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_noop

from paktaleem.directory.administration.client_pages import PublicPage, public_pages
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor
from paktaleem.foundation.console.requests import actor_of, may
from paktaleem.foundation.console.site import site
from rights.desk.selectors import find_other_sides, list_letters, list_tasks
from rights.requests.admin.panels import request_panels
from rights.requests.admin.queue import assignee_for
from rights.requests.models.requests import RightsRequest


@request_panels.connect
def hand_over_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the links to the requests of other clients with which a request is linked, for officers."""
    sides = [
        (side, reverse("admin:rights_rightsrequest_change", args=[side.request_id], current_app=site.name))
        for side in find_other_sides(row, actor=actor_of(request))
    ]
    return {"template": "console/panels/rights_handover.html", "sides": sides} if sides else None


@request_panels.connect
def letters_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the letters about a request, without their texts."""
    if not may(request, Capability.HANDLE_RIGHTS_REQUESTS):
        return None
    letters = annotate_actor(list_letters(row), actor_of(request))
    lines = [(one, format_actor(one)) for one in letters]
    return {"template": "console/panels/rights_letters.html", "lines": lines} if lines else None


@request_panels.connect
def tasks_panel(request: HttpRequest, row: RightsRequest) -> dict[str, Any] | None:
    """Return the tasks about a request, open ones first."""
    if not may(request, Capability.HANDLE_RIGHTS_REQUESTS):
        return None
    viewer = actor_of(request)
    tasks = list_tasks(viewer).filter(client_id=row.client_id, request=row).annotate(assigned_to=assignee_for(viewer))
    lines = [
        (one, reverse("admin:desk_requesttask_change", args=[one.pk], current_app=site.name))
        for one in sorted(tasks, key=lambda one: (one.is_done, one.due_on))
    ]
    return {"template": "console/panels/rights_tasks.html", "lines": lines} if lines else None


public_pages.connect(PublicPage(gettext_noop("Make a request"), "rights-form-of"))
public_pages.connect(PublicPage(gettext_noop("Report a concern about a child’s data"), "concern-about"))

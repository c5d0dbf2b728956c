"""The erasure of a person on their page: who confirmed it, why and when, and which systems have answered."""

from typing import Any

from django.http import HttpRequest

from paktaleem.directory.data_systems.admin.panels import orders_panel
from paktaleem.directory.data_systems.services.erasure import ERASURE
from paktaleem.directory.people.erasure_records import Erasure
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor, reason_label
from paktaleem.foundation.console.person_pages import person_panels
from paktaleem.foundation.console.requests import actor_of, may


@person_panels.connect
def erasure_panel(request: HttpRequest, row: Subject) -> dict[str, Any] | None:
    """Show the erasure with its orders; nothing for a person without one."""
    erasures = Erasure.objects.filter(client_id=row.client_id, subject=row)
    erasure: Any = annotate_actor(erasures, actor_of(request)).first()
    if erasure is None:
        return None
    may_see = may(request, Capability.VIEW_ORDERS, row.client_id)
    lines = orders_panel(erasure, ERASURE)["lines"] if may_see else []
    return {
        "template": "console/panels/erasure.html",
        "erasure": erasure,
        "who": format_actor(erasure),
        "reason": reason_label(erasure.reason),
        "lines": lines,
        "open": sum(line["order"].is_open for line in lines),
    }

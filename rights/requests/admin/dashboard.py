"""Dashboard cards about rights requests."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site
from rights.requests.models.requests import RightsRequest

_LATE = gettext_lazy("the person has no answer and no notice")


@boards.connect
def rights_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards that count open, soon due and overdue requests."""
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    rows = RightsRequest.objects
    url = reverse("admin:rights_rightsrequest_changelist", current_app=site.name)
    found = [
        (_("Rights requests"), "open", rows.open(), _("open, due soonest first"), Severity.TO_DO),
        (
            _("Rights requests due soon"),
            "due_soon",
            select_by_clock(at, rows.due_soon),
            _("due within seven days"),
            Severity.URGENT,
        ),
        (_("Rights requests overdue"), "overdue", select_by_clock(at, rows.overdue), _LATE, Severity.OVERDUE),
    ]
    return [
        Task(title, requests, str(note), f"{url}?{PROGRESS}={which}", severity, due="answer_by")
        for title, which, requests, note, severity in found
    ]

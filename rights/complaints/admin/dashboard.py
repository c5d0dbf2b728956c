"""Dashboard card about deadlines of supervisory authorities."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.site import boards, site
from rights.complaints.admin.cases import select_near_cases
from rights.complaints.models import AuthorityCase


@boards.connect
def deadline_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card if a deadline of an authority is near or past."""
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:complaints_authoritycase_changelist", current_app=site.name) + "?progress=near"
    rows = select_by_clock(at, lambda now: select_near_cases(AuthorityCase.objects.all(), now))
    title, note = _("Deadlines of authorities"), _("cases with a deadline near or past")
    return [Task(title, rows, note, url, Severity.URGENT, due="near_due_on")]

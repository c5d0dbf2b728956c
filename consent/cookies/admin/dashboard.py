"""Dashboard card: linked services whose privacy policy is to be read again."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from consent.cookies.selectors import list_links_to_review
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.ids import PAKTALEEM


@boards.connect
def links_board(actor: Actor, at: datetime) -> list[Line]:
    """Return a card about linked services to review; one query. Clients see their own rows only."""
    if not actor.may(Capability.MANAGE_REGISTER):
        return []
    due = select_by_clock(at, list_links_to_review)
    if actor.client_id is not None:
        due = due.exclude(client_id=PAKTALEEM)
    url = reverse("admin:cookies_linkedservice_changelist", current_app=site.name) + f"?{PROGRESS}=to_review_at"
    title, note = _("Linked services to be reviewed"), _("read their privacy policies again")
    return [Task(title, due, note, url, Severity.OVERDUE, due="review_on")]

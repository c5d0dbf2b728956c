"""Dashboard card: gaps in the record of processing."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Severity
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.records.selectors import count_gaps


@boards.connect
def record_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card about the gaps in the actor's own record, PakTaleem's for officers; one query, see count_gaps."""
    if not actor.may(Capability.MANAGE_REGISTER):
        return []
    count = count_gaps(actor.client_id or PAKTALEEM, at=at)
    if not count:
        return []
    url = reverse("admin:records_impactassessment_record", current_app=site.name)
    title, note = _("Gaps in the record of processing"), _("to be filled in")
    return [Card(title, format_count(count), note, f"{url}#gaps", Severity.TO_DO)]

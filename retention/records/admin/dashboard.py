"""Dashboard card: gaps in the record of processing."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.site import Card, boards, site
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from retention.records.record import find_gaps
from retention.records.selectors import build_record

__all__ = ["record_board"]


@boards.connect
def record_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card about the gaps in the actor's own record, PakTaleem's for officers; a fixed number of queries."""
    if not actor.may(Capability.MANAGE_REGISTER):
        return []
    owner = actor.client_id or PAKTALEEM
    with in_client(owner):
        client = Client.objects.filter(pk=owner).first()
        gaps = find_gaps(build_record(client, at=at, language="en")) if client else []
    if not gaps:
        return []
    url = reverse("admin:records_impactassessment_record", current_app=site.name)
    title, note = _("Gaps in the record of processing"), _("to be filled in")
    return [Card(title, format_count(len(gaps)), note, f"{url}#gaps", needs_attention=True)]

"""Dashboard card about copies that could not be built."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from rights.packages.models import Package

__all__ = ["copies_board"]


@boards.connect
def copies_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card that counts the copies that could not be built, with a link to the oldest; at most two queries."""
    del at
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    oldest = Package.objects.failed().order_by("pk").first()
    if oldest is None:
        return []
    count = count_up_to(Package.objects.failed().order_by())
    url = reverse("admin:rights_rightsrequest_change", args=[oldest.request_id], current_app=site.name)
    note = _("the page of the request says why")
    return [Card(_("Copies that could not be built"), format_count(count), note, url, needs_attention=True)]

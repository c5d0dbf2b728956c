"""Lines of the first page about copies that could not be built."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Severity, make_cards
from paktaleem.foundation.console.site import boards, site
from rights.packages.models import Package


@boards.connect
def copies_board(actor: Actor, at: datetime) -> list[Card]:
    """Return a card for each copy that could not be built, oldest first, with a link to its request; one query."""
    del at
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:rights_rightsrequest_changelist", current_app=site.name)
    return make_cards(Package.objects.failed().select_related("request").order_by("pk"), _to_card, url=url)


def _to_card(package: Package) -> Card:
    url = reverse("admin:rights_rightsrequest_change", args=[package.request_id], current_app=site.name)
    note = _("the page of the request says why")
    title, since = _("Copy that could not be built"), package.created_at
    return Card(title, package.request.number, note, url, Severity.URGENT, waits_since=since)

"""Lines of the first page: legal disclosures and business transfers that wait for a second officer."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from consent.sharing.models.legal import LegalDisclosure
from consent.sharing.models.transfers import BusinessTransfer
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.site import boards, site


@boards.connect
def sharing_board(actor: Actor, at: datetime) -> list[Line]:
    """Return the legal disclosures and business transfers to approve."""
    del at
    if not actor.may(Capability.MANAGE_LEGAL_DISCLOSURES):
        return []
    demands, transfers = _url("sharing_legaldisclosure"), _url("sharing_businesstransfer")
    second = _("a second officer must approve or decline")
    legal = LegalDisclosure.objects.filter(state=ChangeState.WAITING)
    business = BusinessTransfer.objects.filter(state=ChangeState.WAITING)
    return [
        Task(_("Legal disclosures"), legal, second, demands, Severity.URGENT, since="requested_at"),
        Task(_("Business transfers"), business, second, transfers, due="takes_place_on"),
    ]


def _url(name: str) -> str:
    return reverse(f"admin:{name}_changelist", current_app=site.name) + "?state__exact=waiting"

"""Dashboard cards: agreements that wait for the second signature, and what is missing at clients."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from consent.agreements.models import AgreementSigning, Side
from consent.agreements.selectors import list_to_do
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.paging import count_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site

__all__ = ["agreements_board"]


@boards.connect
def agreements_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards about agreements for both sides; six queries."""
    if not actor.may(Capability.SIGN_AGREEMENTS):
        return []
    return [*_signing_cards(actor), *_to_do_cards(actor, at)]


def _signing_cards(actor: Actor) -> list[Card]:
    first = Side.CLIENT if actor.client_id is None else Side.PAKTALEEM
    count = count_up_to(AgreementSigning.objects.filter(state=ChangeState.WAITING, first_side=first))
    if not count:
        return []
    url = reverse("admin:consent_serviceagreement_changelist", current_app=site.name)
    note = _("the other side has signed")
    return [Card(_("Agreements to sign"), format_count(count), note, url, needs_attention=True)]


def _to_do_cards(actor: Actor, at: datetime) -> list[Card]:
    found = list_to_do(at=at, client_id=actor.client_id)
    if not found:
        return []
    url = reverse("admin:agreements_clientcontact_to_do", current_app=site.name)
    if actor.client_id is not None:
        [own] = found
        number = len(own.duties) + own.needs_privacy_contact + own.needs_notice_contact + own.needs_address
        note = _("duties to confirm, contacts to name")
        return [Card(_("Agreement: what is missing"), str(number), note, url, needs_attention=True)]
    title, note = _("Clients with something missing"), _("duties to confirm, contacts to name")
    return [Card(title, format_count(len(found)), note, url, needs_attention=True)]

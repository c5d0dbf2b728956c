"""Dashboard cards: agreements that wait for the second signature, and what is missing at clients."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from consent.agreements.admin.agreements import to_sign
from consent.agreements.selectors import ClientToDo, list_to_do
from consent.register.models.agreements import ServiceAgreement
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Line, Severity, Task
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.site import boards, site


@boards.connect
def agreements_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards about agreements for both sides; six queries."""
    if not actor.may(Capability.SIGN_AGREEMENTS):
        return []
    return [*_signing_cards(actor), *_to_do_cards(actor, at)]


def _signing_cards(actor: Actor) -> list[Line]:
    rows, note = ServiceAgreement.objects.filter(to_sign(actor)), _("the other side has signed")
    url = reverse("admin:consent_serviceagreement_changelist", current_app=site.name) + f"?{PROGRESS}=to_sign"
    return [Task(_("Agreements to sign"), rows, note, url)]


def _to_do_cards(actor: Actor, at: datetime) -> list[Line]:
    found = list_to_do(at=at, client_id=actor.client_id)
    if not found:
        return []
    url = reverse("admin:agreements_clientcontact_to_do", current_app=site.name)
    if actor.client_id is not None:
        [own] = found
        number = len(own.duties) + own.needs_privacy_contact + own.needs_notice_contact + own.needs_address
        note = _("duties to confirm, contacts to name")
        return [Card(_("Agreement: what is missing"), str(number), note, url, Severity.TO_DO, _first_due(found))]
    title, note = _("Clients with something missing"), _("duties to confirm, contacts to name")
    return [Card(title, format_count(len(found)), note, url, Severity.TO_DO, _first_due(found))]


def _first_due(found: list[ClientToDo]) -> date | None:
    """Return the first day by which a duty is to be confirmed."""
    return min((duty.due_on for one in found for duty in one.duties), default=None)

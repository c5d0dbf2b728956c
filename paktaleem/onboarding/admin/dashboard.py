"""The card on the first page until the set-up is complete."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Severity
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.onboarding.selectors import list_client_facts, list_clients_in_set_up
from paktaleem.onboarding.steps import Party, list_open_steps


@boards.connect
def set_up_board(actor: Actor, at: datetime) -> list[Card]:
    """Return the card of a client's own set-up, or of the clients that are being set up; two queries."""
    if not actor.may(Capability.MANAGE_REGISTER) or actor.client_id == PAKTALEEM:
        return []
    if actor.client_id is not None:
        return _own_card(actor, at)
    count = sum(bool(list_open_steps(facts)) for facts in list_clients_in_set_up(at=at))
    if not count:
        return []
    url = reverse("admin:accounts_client_set-up_list", current_app=site.name)
    return [Card(_("Clients being set up"), format_count(count), _("steps are missing"), url, Severity.TO_DO)]


def _own_card(actor: Actor, at: datetime) -> list[Card]:
    found = list_client_facts(at=at, client_id=actor.client_id)
    steps = [step for facts in found if not facts.client.is_sandbox for step in list_open_steps(facts)]
    if not steps:
        return []
    url = reverse("admin:accounts_client_set-up", args=[actor.client_id], current_app=site.name)
    own = [step for step in steps if step.party not in {Party.OFFICER, Party.TWO_OFFICERS}]
    note = _("next: {step}").format(step=(own or steps)[0].title)
    return [Card(_("Set-up: steps to do"), str(len(steps)), note, url, Severity.TO_DO)]

"""Cards of the register and of consents on the first page of the console."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from consent.consents.models import ConsentEvent, ConsentState, Restriction
from consent.register.models import BalancingTest, ServiceAgreement
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site

__all__ = ["board"]

WEEK = timedelta(days=7)


@boards.connect
def board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards of open tasks and of the week's answers. Runs two queries; each stops counting at a limit."""
    if not actor.may(Capability.VIEW_CONSENTS):
        return []
    return [*_list_task_cards(), *_list_week_cards(at)]


def _list_task_cards() -> list[Card]:
    drafts, unsigned, restricted = count_each_up_to(
        ServiceAgreement.objects.uncancelled().filter(signed_at=None),
        BalancingTest.objects.filter(signed_at=None),
        Restriction.objects.filter(ends_at=None),
    )
    found = (
        (_("Agreements unsigned"), drafts, _("no data is processed under a draft"), "consent_serviceagreement"),
        (
            _("Balancing tests unsigned"),
            unsigned,
            _("required before legitimate interest is used"),
            "consent_balancingtest",
        ),
        (_("Restrictions in force"), restricted, _("data is stored but not used"), "consent_restriction"),
    )
    return [
        Card(title, format_count(number), note, _changelist_url(name), needs_attention=True)
        for title, number, note, name in found
        if number
    ]


def _list_week_cards(at: datetime) -> list[Card]:
    answered = ConsentEvent.objects.filter(recorded_at__gt=at - WEEK)
    states = (
        (_("Given"), ConsentState.GIVEN.value, _("consents in seven days")),
        (_("Refused"), ConsentState.REFUSED.value, _("in seven days")),
        (_("Withdrawn"), ConsentState.WITHDRAWN.value, _("in seven days")),
    )
    people, *counts = count_each_up_to(
        Subject.objects.filter(registered_at__gt=at - WEEK),
        *(answered.filter(state=state) for _title, state, _note in states),
    )
    events = _changelist_url("consent_consentevent")
    cards = [
        Card(title, format_count(count), note, f"{events}?state__exact={state}")
        for (title, state, note), count in zip(states, counts, strict=True)
    ]
    return [
        *cards,
        Card(_("Registered"), format_count(people), _("people in seven days"), _changelist_url("subjects_subject")),
    ]


def _changelist_url(name: str) -> str:
    return reverse(f"admin:{name}_changelist", current_app=site.name)

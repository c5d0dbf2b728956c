"""Cards of the register and of consents on the first page of the console."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from consent.consents.models import ConsentEvent, ConsentState
from consent.receipts.admin import is_recent
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.home_pages import Card, Line
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import boards, site

WEEK = timedelta(days=7)


@boards.connect
def board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards of the week’s answers, counted in one query, for those who read evidence."""
    if not actor.may(Capability.VIEW_LEDGER):  # a support agent takes in requests only
        return []
    return _list_week_cards(at)


def _list_week_cards(at: datetime) -> list[Line]:
    answered = select_by_clock(at, lambda at: ConsentEvent.objects.filter(is_recent(at)))
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
        Card(title, format_count(count), note, f"{events}?state__exact={state}&{PROGRESS}=week")
        for (title, state, note), count in zip(states, counts, strict=True)
    ]
    return [
        *cards,
        Card(_("Registered"), format_count(people), _("people in seven days"), _changelist_url("subjects_subject")),
    ]


def _changelist_url(name: str) -> str:
    return reverse(f"admin:{name}_changelist", current_app=site.name)

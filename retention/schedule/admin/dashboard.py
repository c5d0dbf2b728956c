"""Dashboard cards: data without a retention rule, holds to be reviewed, and liftings that wait for a second person."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.cards import Card, Line, Severity, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.paging import LIMIT, format_count
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.word_lists import join_words
from retention.schedule.models.holds import Hold, HoldLift
from retention.schedule.selectors.gaps import list_gaps

_NAMED = 3


@boards.connect
def schedule_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards about gaps and holds; two queries."""
    cards: list[Line] = []
    if actor.may(Capability.MANAGE_RETENTION):
        cards += _gap_cards(actor, at)
    if actor.may(Capability.MANAGE_HOLDS):
        cards += _hold_cards(at)
    return cards


def _gap_cards(actor: Actor, at: datetime) -> list[Line]:
    gaps = list_gaps(actor, at=at, limit=LIMIT + 1, language=get_language() or "en")
    if not gaps:
        return []
    categories = list(dict.fromkeys(gap.category_name for gap in gaps))
    more = ["…"] if len(categories) > _NAMED else []
    note = _("kept without end: {names}").format(names=join_words([*categories[:_NAMED], *more]))
    url = reverse("admin:schedule_retentionrule_schedule", current_app=site.name)
    title = _("Data without a retention rule")
    return [Card(title, format_count(len(gaps)), note, url, Severity.TO_DO)]


def _hold_cards(at: datetime) -> list[Line]:
    holds = reverse("admin:schedule_hold_changelist", current_app=site.name)
    lifts = reverse("admin:schedule_holdlift_changelist", current_app=site.name)
    waiting = HoldLift.objects.filter(state=ChangeState.WAITING)
    overdue, still = select_by_clock(at, Hold.objects.to_review_at), _("still needed?")
    to_review = f"{holds}?{PROGRESS}=to_review_at"
    second = _("need a second person")
    return [
        Task(_("Holds to be reviewed"), overdue, still, to_review, Severity.OVERDUE, due="review_on"),
        Task(_("Liftings of holds"), waiting, second, f"{lifts}?state__exact=waiting", since="requested_at"),
    ]

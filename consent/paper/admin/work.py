"""How far the confirmation of an answer sheet's rows is, for its page and the list of work in progress."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.paper.models.sheets import AnswerSheet, EntryState
from consent.paper.selectors import count_rows
from consent.paper.services.sheets import CONFIRM_MATCHED
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.long_acts import LongAct, Progress, long_acts

_LOOKED_BACK = timedelta(days=30)


def measure_sheet(row: AnswerSheet) -> Progress | None:
    """Return how many rows are confirmed of those and the matched ones; None if the worker confirmed none."""
    if row.confirm_at is None or row.confirmed_at == row.confirm_at:
        return None
    counts = count_rows(row) if row.is_under_way else None
    done = counts[EntryState.CONFIRMED] if counts else 0
    total = done + counts[EntryState.MATCHED] if counts else None
    ended = None if row.is_under_way else row.confirmed_at
    return Progress(done, total, row.confirm_at, ended, started_by=row.confirm_by)


def _list_rows(since: datetime) -> QuerySet[AnswerSheet]:
    lately = Q(confirmed_at=None) | Q(confirmed_at__lt=F("confirm_at")) | Q(confirmed_at__gte=since)
    rows = AnswerSheet.objects.filter(lately, confirm_at__gte=since - _LOOKED_BACK)
    return rows.defer("wrapped").order_by("-confirm_at", "-pk")


long_acts.connect(
    LongAct(
        "paper.answersheet",
        _("Answer sheet"),
        frozenset({CONFIRM_MATCHED}),
        Capability.VIEW_FORMS,
        _list_rows,
        measure_sheet,
    )
)

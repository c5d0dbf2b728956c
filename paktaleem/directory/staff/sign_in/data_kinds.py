"""The kinds of data that the sign-in leaves behind: sessions, and failures with their counters."""

from datetime import datetime
from functools import partial

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from paktaleem.foundation.tenancy.context import autonomous_transaction, in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import Bounds, DataKind, Disposal, Unit
from paktaleem.foundation.upkeep.periods.services import get_cutoff


def _cutoff(kind: DataKind, at: datetime) -> datetime:
    with in_client(PAKTALEEM):
        return get_cutoff(kind.code, at=at)


def _purge_sessions(at: datetime) -> int:
    ended = _cutoff(SESSIONS, at)
    with in_global():
        return Session.objects.filter(expire_date__lt=ended).delete()[0]


def _purge_failures(at: datetime) -> int:
    failed = _cutoff(FAILED_SIGN_INS, at)
    cache.forget_expired(at)  # type: ignore[attr-defined]
    with autonomous_transaction():
        attempts: int = AccessAttempt.objects.filter(attempt_time__lt=failed).delete()[0]
    return attempts


_kind = partial(DataKind, disposal=Disposal.ROWS, bounds=Bounds(1, 1, 24, Unit.HOURS))
SESSIONS = _kind(
    code="sessions",
    name=_("Sessions of staff"),
    counted_from=_("The end of the session"),
    purge_all=_purge_sessions,
)
FAILED_SIGN_INS = _kind(
    code="failed_sign_ins",
    name=_("Failed sign-ins: name and address"),
    counted_from=_("The attempt; counters end with their limit"),
    purge_all=_purge_failures,
)

"""Periods of the portal's own data in tests: the default, and another one, as if two people had approved it."""

from datetime import timedelta

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils import timezone

from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.upkeep.periods.kinds import get_kind
from paktaleem.foundation.upkeep.periods.models import PortalPeriod
from paktaleem.foundation.upkeep.periods.tasks import dispose_of
from tests.factories import SETTING_UP


def default_period(code: str) -> timedelta:
    bounds = get_kind(code).bounds
    assert bounds is not None
    return bounds.length(bounds.default)


def dispose(code: str) -> int:
    """Dispose of what is due of a kind, as the worker does every hour; return the number of rows."""
    return dispose_of(get_kind(code))


def set_period(code: str, length: int) -> None:
    with in_client(PAKTALEEM):
        row = PortalPeriod.objects.filter(client_id=PAKTALEEM, kind=code).first()
        row = row or PortalPeriod(client_id=PAKTALEEM, kind=code)
        row.length, row.changed_at = length, timezone.now()
        save_tracked(row, actor=SETTING_UP, reason="review", at=timezone.now())


class QuickArgon2(Argon2PasswordHasher):
    """The same algorithm and form, a thousandth of the work."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1

"""What the worker does about signing in."""

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.utils import timezone
from procrastinate.contrib.django import app

from paktaleem.tenancy.context import aside, in_global

__all__ = ["forget_expired"]


@app.periodic(cron="17 * * * *", periodic_id="forget_expired")
@app.task(name="signin.forget_expired", queueing_lock="signin.forget_expired", pass_context=False)
def forget_expired(timestamp: int) -> None:
    """Delete, every hour, sessions, counters and failed attempts whose time is over."""
    del timestamp
    at = timezone.now()
    cache.forget_expired(at)  # type: ignore[attr-defined]
    with in_global():
        Session.objects.filter(expire_date__lt=at).delete()
    with aside():
        AccessAttempt.objects.filter(attempt_time__lt=at - settings.AXES_COOLOFF_TIME).delete()

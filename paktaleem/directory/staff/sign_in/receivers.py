"""Signal receivers that record sign-ins and sign-outs."""

from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from paktaleem.directory.staff.sign_in.evidence import record_sign_in, record_sign_out
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sessions import has_session_expired
from paktaleem.foundation.accounts.staff_services import choose_language
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_global


def moment_of(request: HttpRequest) -> datetime:
    """Return the arrival time of a request on the system clock; before the middleware has set it, the current time."""
    received_at: datetime | None = getattr(request, "received_at", None)
    return received_at or wall_clock_now()


def on_sign_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a sign-in with the factors used, and store the language chosen in this browser."""
    del sender
    proofs = [str(one.get("type") or one["method"]) for one in get_authentication_records(request, user)]
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    with in_global():
        record_sign_in(user, proofs=proofs, at=moment_of(request))
        if chosen in dict(settings.LANGUAGES):
            choose_language(user, chosen)


def on_sign_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    """Record the end of a user's session."""
    del sender
    if user is not None:
        at = moment_of(request)
        record_sign_out(user, is_over=has_session_expired(request, at), at=at)


def connect() -> None:
    """Connect the receivers."""
    user_logged_in.connect(on_sign_in, dispatch_uid="signin.note_sign_in")
    user_logged_out.connect(on_sign_out, dispatch_uid="signin.note_sign_out")

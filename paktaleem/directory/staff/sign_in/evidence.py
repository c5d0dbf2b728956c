"""Evidence of sign-ins in PakTaleem's own ledger, with names and addresses as keyed hashes, and emails to owners."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sessions import has_session_expired
from paktaleem.foundation.accounts.staff_accounts import notify_owner
from paktaleem.foundation.accounts.staff_services import choose_language
from paktaleem.foundation.accounts.staff_ties import TieKind, start_tie_periods
from paktaleem.foundation.audit.actors import OWN_ACCOUNT, By, ByKind
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.services import record_own_entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import autonomous_transaction, in_global

_USES_OF_RESETS = {
    "password_reset": TieKind.LINK,
    "password_changed": TieKind.LINK,
    "totp_added": TieKind.FACTOR,
    "key_added": TieKind.FACTOR,
}
"""Changes by which an owner uses a reset that officers issued: it is no longer open."""
_GUARD = system_actor("signin.lock_out")


def record_lockout(*, closed: str, name: str, address: str | None, at: datetime) -> Entry:
    """Record a lockout, in an autonomous transaction; the queries are the same if there is no such account.

    ``closed`` is its scope: ``name`` (with an IP address), ``address`` (all names), or ``second_factor``.
    """
    with autonomous_transaction() as alias:
        user_id = User.objects.using(alias).filter(email__iexact=name).values_list("pk", flat=True).first()
        facts = {
            "closed": closed,
            "user": str(user_id) if user_id else None,
            "name": _keyed_hash("name", name),
            "address": _keyed_hash("address", address) if address else None,
        }
        return record_own_entry("sign_in.locked_out", facts=facts, actor=_GUARD, at=at, using=alias)


def record_change(user: User, change: str, *, at: datetime) -> Entry:
    """Record a change of sign-in methods (one of ``tasks.CHANGES``), which may use up a reset; notify the user."""
    with in_global():
        entry = _record_own_account_entry(f"user.{change}", user.pk, {}, at)
        if change in _USES_OF_RESETS:
            start_tie_periods(user.pk, _USES_OF_RESETS[change], at=at)
        notify_owner(user.pk, change, entry_id=entry.id, at=at)
    return entry


def _record_own_account_entry(kind: str, user_id: UUID, facts: Mapping[str, object], at: datetime) -> Entry:
    actor = By(ByKind.USER, user_id, OWN_ACCOUNT)
    return record_own_entry(kind, facts={"user": str(user_id), **facts}, actor=actor, at=at)


def _keyed_hash(what: str, value: str) -> str:
    return salted_hmac(f"paktaleem.directory.sign_in.evidence/{what}", value, algorithm="sha256").hexdigest()


def moment_of(request: HttpRequest) -> datetime:
    """Return the arrival time of a request on the system clock; before the middleware has set it, the current time."""
    received_at: datetime | None = getattr(request, "received_at", None)
    return received_at or wall_clock_now()


def on_sign_in(sender: object, request: HttpRequest, user: User, **_: object) -> None:
    """Record a sign-in with the factors used, and store the language chosen in this browser."""
    del sender
    proofs = [str(one.get("type") or one["method"]) for one in get_authentication_records(request, user)]
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    with in_global():
        _record_own_account_entry("sign_in.succeeded", user.pk, {"proofs": proofs}, moment_of(request))
        if chosen in dict(settings.LANGUAGES):
            choose_language(user, chosen)


def on_sign_out(sender: object, request: HttpRequest, user: User | None, **_: object) -> None:
    del sender
    if user is not None:
        at = moment_of(request)
        because = "over" if has_session_expired(request, at) else "signed_out"
        _record_own_account_entry("sign_in.ended", user.pk, {"because": because}, at)


def connect() -> None:
    user_logged_in.connect(on_sign_in, dispatch_uid="signin.note_sign_in")
    user_logged_out.connect(on_sign_out, dispatch_uid="signin.note_sign_out")


class StepUpMiddleware:
    """Redirect to re-authentication and back; unlike allauth's, it keeps no submitted form (personal data)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ReauthenticationRequired):
            return None
        with in_global():
            methods = get_adapter().get_reauthentication_methods(request.user)
        page = methods[0]["url"] if methods else reverse("account_login")
        if request.method != "GET":
            messages.warning(
                request, gettext("Nothing has been changed yet. Confirm your identity, then submit again.")
            )
        return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")

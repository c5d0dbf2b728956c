"""Emails about accounts, and background tasks of the sign-in."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import MessageKind, SendArguments, declare_message, send_message
from paktaleem.directory.staff.sign_in.views import SEND_PASSWORD_LINK
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.break_glass import NOTIFY_BREAK_GLASS
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.staff_accounts import NOTIFY_OWNER, SEND_STAFF_LINK, STAFF_LINK_LIFE, StaffLink
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

_OF_FACTORS = ("totp_added", "totp_removed", "key_added", "key_removed", "codes_renewed", "code_used", "factors_reset")
_BY_OTHERS = ("enabled", "recovery_proposed", "role_given", "role_locked")
CHANGES = (*_OF_FACTORS, "password_changed", "password_reset", *_BY_OTHERS)
"""Kinds of changes to an account; the template has a sentence for each."""
LINK_LIFE = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)

ACCOUNT_CHANGED = declare_message("account_changed", fields=["change", "day", "time", "support"])
PASSWORD_LINK = declare_message("password_link", fields=["url", "minutes"], life=LINK_LIFE)
STAFF_LINKS = {
    code: declare_message(code, fields=["url", "hours", "support"], life=STAFF_LINK_LIFE)
    for code in (StaffLink.INVITATION, StaffLink.RESET)
}
"""The first email of a new member of staff, and the link after a reset by officers."""
BREAK_GLASS = declare_message("break_glass", fields=["day", "time", "url", "support"])


def create_staff_token(user: User, *, at: datetime) -> str:
    """Return a token that works once, until ``STAFF_LINK_LIFE`` after ``at``, while the password is not set."""
    # Django's token, with the time at which one of Django's life must be made to expire when this one does.
    shifted = (at + STAFF_LINK_LIFE - LINK_LIFE).astimezone(UTC).replace(tzinfo=None)
    tokens = default_token_generator
    seconds = tokens._num_seconds(shifted)  # noqa: SLF001 -- Django has no other way to set the time
    return tokens._make_token_with_timestamp(user, seconds, tokens.secret)  # noqa: SLF001 -- as above


def _send(task: str, kind: MessageKind, to: User, *, entry: str = "", **context: str) -> None:
    related_id, at = UUID(entry) if entry else None, wall_clock_now()
    about: SendArguments = {"related_id": related_id, "actor": system_actor(task), "at": at}
    send_message(kind.code, to=to, client_id=PAKTALEEM, context=context, **about)


def _describe_time(at: str) -> dict[str, str]:
    happened = datetime.fromisoformat(at).astimezone(UTC)
    return {"day": f"{happened:%Y-%m-%d}", "time": f"{happened:%H:%M}", "support": settings.SUPPORT_ADDRESS}


def _get_password_page(owner: User, key: str) -> str:
    return reverse("account_reset_password_from_key", kwargs={"uidb36": owner.pk.hex, "key": key})


@app.task(name=NOTIFY_OWNER, pass_context=False)
def tell_owner(user: str, change: str, entry: str, at: str) -> None:
    """Email the owner of a changed account; a repeated run does nothing."""
    with in_client(PAKTALEEM):
        if not Letter.objects.filter(client_id=PAKTALEEM, related_id=UUID(entry), kind=ACCOUNT_CHANGED.code).exists():
            owner = User.objects.get(pk=UUID(user))
            _send(NOTIFY_OWNER, ACCOUNT_CHANGED, owner, entry=entry, change=change, **_describe_time(at))


@app.task(name=SEND_PASSWORD_LINK, pass_context=False)
def send_password_link(user: str, portal: str) -> None:
    """Email a link to set a password, if the id belongs to an active user."""
    with in_client(PAKTALEEM):
        if owner := User.objects.filter(pk=UUID(user), is_active=True).first():
            page = _get_password_page(owner, default_token_generator.make_token(owner))
            minutes = str(int(LINK_LIFE.total_seconds()) // 60)
            _send(SEND_PASSWORD_LINK, PASSWORD_LINK, owner, url=portal + page, minutes=minutes)


@app.task(name=SEND_STAFF_LINK, pass_context=False)
def send_staff_link(user: str, kind: str, at: str) -> None:
    """Email an invitation or a reset; skipped if the owner has set a password since, or the account is disabled."""
    with in_client(PAKTALEEM):
        owner = User.objects.filter(pk=UUID(user), is_active=True).first()
        if owner is None or owner.has_usable_password():
            return
        page = _get_password_page(owner, create_staff_token(owner, at=datetime.fromisoformat(at)))
        context = {"url": build_public_url(page), "hours": str(int(STAFF_LINK_LIFE.total_seconds()) // 3600)}
        _send(SEND_STAFF_LINK, STAFF_LINKS[kind], owner, support=settings.SUPPORT_ADDRESS, **context)


@app.task(name=NOTIFY_BREAK_GLASS, pass_context=False)
def notify_break_glass(user: str, officer: str, entry: str, at: str) -> None:
    """Email one officer that the host made or recovered another; the link leads to the account."""
    url = build_public_url(reverse("admin:accounts_user_change", args=[user], current_app="console"))
    with in_client(PAKTALEEM):
        to = User.objects.get(pk=UUID(officer))
        _send(NOTIFY_BREAK_GLASS, BREAK_GLASS, to, entry=entry, url=url, **_describe_time(at))

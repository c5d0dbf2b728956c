"""Emails about accounts, and background tasks of the sign-in."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import declare_message, send_message
from paktaleem.directory.staff.sign_in.views import SEND_PASSWORD_LINK
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.break_glass import NOTIFY_BREAK_GLASS
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.staff_accounts import NOTIFY_OWNER, SEND_STAFF_LINK, STAFF_LINK_LIFE, StaffLink
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

CHANGES = (
    "totp_added",
    "totp_removed",
    "key_added",
    "key_removed",
    "codes_renewed",
    "code_used",
    "factors_reset",
    "password_changed",
    "password_reset",
    "enabled",
    "recovery_proposed",
    "role_given",
    "role_locked",
)
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


class _StaffTokenGenerator(PasswordResetTokenGenerator):
    """Django's tokens of password links, with a longer life; the same view accepts both."""

    def make_token_at(self, user: User, at: datetime) -> str:
        """Return a token with the time at which a token of Django's life must be made to expire when this one does."""
        shifted = (at + STAFF_LINK_LIFE - LINK_LIFE).astimezone(UTC).replace(tzinfo=None)
        return self._make_token_with_timestamp(user, self._num_seconds(shifted), self.secret)


def create_staff_token(user: User, *, at: datetime) -> str:
    """Return a token that works once, until ``STAFF_LINK_LIFE`` after ``at``, while the password is not set."""
    return _StaffTokenGenerator().make_token_at(user, at)


@app.task(name=NOTIFY_OWNER, pass_context=False)
def tell_owner(user: str, change: str, entry: str, at: str) -> None:
    """Email the owner of a changed account; a repeated run does nothing."""
    happened = datetime.fromisoformat(at).astimezone(UTC)
    context = {"day": f"{happened:%Y-%m-%d}", "time": f"{happened:%H:%M}", "support": settings.SUPPORT_ADDRESS}
    with in_client(PAKTALEEM):
        if Letter.objects.filter(client_id=PAKTALEEM, related_id=UUID(entry), kind=ACCOUNT_CHANGED.code).exists():
            return
        send_message(
            ACCOUNT_CHANGED.code,
            to=User.objects.get(pk=UUID(user)),
            client_id=PAKTALEEM,
            context={"change": change, **context},
            related_id=UUID(entry),
            actor=system_actor(NOTIFY_OWNER),
            at=wall_clock_now(),
        )


@app.task(name=SEND_PASSWORD_LINK, pass_context=False)
def send_password_link(user: str, portal: str) -> None:
    """Email a link to set a password, if the id belongs to an active user."""
    with in_client(PAKTALEEM):
        owner = User.objects.filter(pk=UUID(user), is_active=True).first()
        if owner is None:
            return
        key = default_token_generator.make_token(owner)
        page = reverse("account_reset_password_from_key", kwargs={"uidb36": owner.pk.hex, "key": key})
        send_message(
            PASSWORD_LINK.code,
            to=owner,
            client_id=PAKTALEEM,
            context={"url": portal + page, "minutes": str(int(LINK_LIFE.total_seconds()) // 60)},
            actor=system_actor(SEND_PASSWORD_LINK),
            at=wall_clock_now(),
        )


@app.task(name=SEND_STAFF_LINK, pass_context=False)
def send_staff_link(user: str, kind: str, at: str) -> None:
    """Email an invitation or a reset; skipped if the owner has set a password since, or the account is disabled."""
    with in_client(PAKTALEEM):
        owner = User.objects.filter(pk=UUID(user), is_active=True).first()
        if owner is None or owner.has_usable_password():
            return
        key = create_staff_token(owner, at=datetime.fromisoformat(at))
        page = reverse("account_reset_password_from_key", kwargs={"uidb36": owner.pk.hex, "key": key})
        hours = str(int(STAFF_LINK_LIFE.total_seconds()) // 3600)
        send_message(
            STAFF_LINKS[kind].code,
            to=owner,
            client_id=PAKTALEEM,
            context={"url": build_public_url(page), "hours": hours, "support": settings.SUPPORT_ADDRESS},
            actor=system_actor(SEND_STAFF_LINK),
            at=wall_clock_now(),
        )


@app.task(name=NOTIFY_BREAK_GLASS, pass_context=False)
def notify_break_glass(user: str, officer: str, entry: str, at: str) -> None:
    """Email one officer that the host made or recovered another; the link leads to the account."""
    happened = datetime.fromisoformat(at).astimezone(UTC)
    page = reverse("admin:accounts_user_change", args=[user], current_app="console")
    context = {"day": f"{happened:%Y-%m-%d}", "time": f"{happened:%H:%M}", "url": build_public_url(page)}
    with in_client(PAKTALEEM):
        send_message(
            BREAK_GLASS.code,
            to=User.objects.get(pk=UUID(officer)),
            client_id=PAKTALEEM,
            context={**context, "support": settings.SUPPORT_ADDRESS},
            related_id=UUID(entry),
            actor=system_actor(NOTIFY_BREAK_GLASS),
            at=wall_clock_now(),
        )

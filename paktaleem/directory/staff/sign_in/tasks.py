"""Background tasks of the sign-in."""

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.staff.sign_in.emails import (
    ACCOUNT_CHANGED,
    BREAK_GLASS,
    LINK_LIFE,
    PASSWORD_LINK,
    STAFF_LINKS,
    create_staff_token,
)
from paktaleem.directory.staff.sign_in.forms import SEND_PASSWORD_LINK
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.break_glass import NOTIFY_BREAK_GLASS
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.accounts.staff_accounts import NOTIFY_OWNER, SEND_STAFF_LINK, STAFF_LINK_LIFE
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM


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

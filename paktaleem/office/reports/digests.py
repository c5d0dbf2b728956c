"""The weekly digest of a client: who of PakTaleem's staff looked at its data and why, and what waits.

It is a page of the console, and an email on Mondays, which names no data subject: mailboxes are outside the portal. It
is sent also if no one looked, because that is what a client wants to know.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _, ngettext

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import SendArguments, declare_message, send_message
from paktaleem.directory.people.models import AccessRecord
from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import OFFICER_ROLES, Role
from paktaleem.foundation.accounts.selectors import list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.audit.actors import ByKind
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.clock import to_wall_clock
from paktaleem.foundation.console.columns import reason_label, role_label
from paktaleem.foundation.console.home_pages import Card
from paktaleem.foundation.console.site import list_cards, select_attention
from paktaleem.foundation.tenancy.context import advisory_lock
from paktaleem.foundation.tenancy.rows import PAKTALEEM

WEEKLY_DIGEST = declare_message("weekly_digest", fields=("first", "last", "looks", "waiting", "url"))
_SENT_FROM = timedelta(hours=6)
"""Time of a client's Monday from which the digest of the week before is sent."""
_WEEK = timedelta(days=7)


class Week(NamedTuple):
    """One week in a client's time zone: its Monday, and its beginning and end (exclusive)."""

    monday: date
    starts_at: datetime
    ends_at: datetime


def find_last_week(at: datetime, zone: str) -> Week:
    today = at.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday()) - _WEEK
    starts, ends = (datetime.combine(day, time.min, ZoneInfo(zone)) for day in (monday, monday + _WEEK))
    return Week(monday, starts, ends)


def describe_looks(client_id: UUID, week: Week) -> list[str]:
    """Describe the accesses of PakTaleem's staff to a client's data in a week, by role and reason; one query."""
    rows = AccessRecord.objects.filter(client_id=client_id, looked_at__gte=week.starts_at, looked_at__lt=week.ends_at)
    rows = rows.filter(actor_kind=ByKind.USER.value, actor_role__in=sorted(OFFICER_ROLES)).order_by()
    counts = rows.values_list("actor_role", "reason").annotate(
        accesses=Count("pk"), people=Count("subject_id", distinct=True)
    )
    found = []
    for role, reason, accesses, people in counts.order_by("actor_role", "reason"):
        words = ngettext(
            "{role}: data of {people} person, {reason} ({accesses})",
            "{role}: data of {people} people, {reason} ({accesses})",
            people,
        )
        named = {"role": role_label(role), "reason": reason_label(reason)}
        found.append(words.format(people=people, accesses=accesses, **named))
    return found


def send_digest(client: Client, *, actor: Actor, at: datetime) -> int:
    """Send the digest of the last week to a client's administrators, once; return to how many.

    Needs the client's context. A sandbox and PakTaleem get none, and no one before six o'clock on Monday.
    """
    week = find_last_week(at, client.time_zone)
    if client.is_sandbox or client.pk == PAKTALEEM or at < week.ends_at + _SENT_FROM:
        return 0
    advisory_lock(f"digests/{client.pk}")
    own = Letter.objects.filter(client_id=client.pk, related_id=client.pk, kind=WEEKLY_DIGEST.code)
    staff = list_staff(client.pk, Role.CLIENT_ADMIN, at=to_wall_clock(at))
    if not staff or own.filter(queued_at__gte=week.ends_at).exists():
        return 0
    page = build_public_url(reverse("admin:accounts_client_digest", args=[client.pk], current_app="console"))
    days = {"first": week.monday.isoformat(), "last": (week.monday + timedelta(days=6)).isoformat(), "url": page}
    stamp: SendArguments = {"related_id": client.pk, "actor": actor, "at": at}
    for user in staff:
        with translation.override(user.language):
            cards = select_attention(list_cards(user_actor(user.pk, Role.CLIENT_ADMIN, client.pk), at))
            looks, waiting = describe_looks(client.pk, week), [describe_card(card) for card in cards]
            context = {**days, "looks": _to_lines(looks), "waiting": _to_lines(waiting)}
        send_message(WEEKLY_DIGEST.code, to=user, client_id=client.pk, context=context, **stamp)
    facts = {"monday": week.monday.isoformat(), "recipients": len(staff)}
    record_entry("digest.sent", client_id=client.pk, facts=facts, actor=actor, at=at)
    return len(staff)


def describe_card(card: Card) -> str:
    """Return a card in words, without its note, which may name a row."""
    if card.due_at is None:
        return f"{card.title}: {card.value}"
    return _("{title}: {number}, due {day}").format(title=card.title, number=card.value, day=f"{card.due_at:%Y-%m-%d}")


def _to_lines(found: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in found) or f"- {_('None')}"

"""The lines of the weekly email, in the language in use: counts, reasons and days, without data subjects."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.console.columns import reason_label, role_label
from paktaleem.foundation.console.home_pages import Card, count_lines, list_due_tasks, sort_by_urgency
from paktaleem.foundation.console.site import boards
from paktaleem.office.digests.selectors import ComingDay, LookCount


def list_waiting(actor: Actor, at: datetime) -> list[Card]:
    """List the cards of the first page that need attention, as the actor sees them, in the client's context."""
    cards = count_lines([*list_due_tasks(actor, at), *(line for board in boards for line in board(actor, at))])
    return sort_by_urgency(card for card in cards if card.needs_attention and card.value != "0")


def describe_look(look: LookCount) -> str:
    """Return an access of PakTaleem's staff in words: role, reason and numbers."""
    words = ngettext(
        "{role}: data of {people} person, {reason} ({accesses})",
        "{role}: data of {people} people, {reason} ({accesses})",
        look.people,
    )
    values = {"people": look.people, "accesses": look.accesses, "reason": reason_label(look.reason)}
    return words.format(role=role_label(look.role), **values)


def describe_waiting(card: Card) -> str:
    """Return a card in words, without its note, which may name a row."""
    return f"{card.title}: {card.value}"


def describe_coming(one: ComingDay) -> str:
    """Return a coming day in words."""
    return f"{one.day.isoformat()}: {one.what}"


def to_lines(found: Sequence[str]) -> str:
    """Return lines as a list, or that there are none."""
    return "\n".join(f"- {one}" for one in found) or f"- {_('None')}"

"""Cards of the first page: changes of staff that wait, and API keys that expire soon."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.directory.administration.admin.api_keys import SOON
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import ApiKey, StaffChange
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site
from paktaleem.foundation.console.translation import translate_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

__all__ = ["administration_board"]


@boards.connect
def administration_board(actor: Actor, at: datetime) -> list[Card]:
    """Return the cards that the actor's role may see; one query."""
    shown: list[tuple[Callable[[int], Card], QuerySet[Any]]] = []
    if actor.may(Capability.MANAGE_COLLEAGUES):
        shown.append((_build_staff_card, StaffChange.objects.filter(state=ChangeState.WAITING)))
    if actor.may(Capability.VIEW_API_KEYS):
        ending = ApiKey.objects.filter(revoked_at=None, expires_at__gt=at, expires_at__lte=at + SOON)
        shown.append((_build_keys_card, ending))
    counts = count_each_up_to(*(rows for _card, rows in shown)) if shown else []
    return [build(count) for (build, _rows), count in zip(shown, counts, strict=True) if count]


def _build_staff_card(count: int) -> Card:
    url = reverse("admin:accounts_staffchange_changelist", current_app=site.name) + "?state__exact=waiting"
    title, note = translate_text("Changes of staff"), _("a second person must approve")
    return Card(title, format_count(count), note, url, needs_attention=True)


def _build_keys_card(count: int) -> Card:
    url = reverse("admin:accounts_apikey_changelist", current_app=site.name)
    note = _("within 30 days: rotate them in time")
    return Card(_("API keys expire soon"), format_count(count), note, url, needs_attention=True)

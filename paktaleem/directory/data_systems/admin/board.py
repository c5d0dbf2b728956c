"""The orders cards of the console's first page."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.paging import count_each_up_to, format_count
from paktaleem.foundation.console.site import Card, boards, site

__all__ = ["orders_board"]

type Found = Callable[[datetime], QuerySet[Order]]


@boards.connect
def orders_board(actor: Actor, at: datetime) -> list[Card]:
    """Return cards for stuck and for overdue orders."""
    if not actor.may(Capability.VIEW_ORDERS):
        return []
    orders = Order.objects
    cards = [
        (gettext("Orders stuck"), "stuck", orders.stuck(at), gettext("need manual action")),
        (gettext("Orders overdue"), "overdue", orders.overdue(at), gettext("not answered by the due date")),
    ]
    url = reverse("admin:systems_order_changelist", current_app=site.name)
    counts = count_each_up_to(*(found for _title, _which, found, _note in cards))
    return [
        Card(title, format_count(count), note, f"{url}?progress={which}", needs_attention=True)
        for (title, which, _found, note), count in zip(cards, counts, strict=True)
        if count
    ]

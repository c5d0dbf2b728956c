"""Lines of the first page about orders."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext

from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.clocks import select_by_clock
from paktaleem.foundation.console.site import boards, site


@boards.connect
def orders_board(actor: Actor, at: datetime) -> list[Line]:
    """Return the stuck and overdue orders, and those that two people may waive."""
    if not actor.may(Capability.VIEW_ORDERS):
        return []
    orders = Order.objects
    url = reverse("admin:systems_order_changelist", current_app=site.name) + "?progress="
    manual, late = gettext("need manual action"), gettext("not answered by the due date")
    tasks = [
        Task(
            gettext("Orders stuck"),
            select_by_clock(at, orders.stuck),
            manual,
            f"{url}stuck",
            Severity.URGENT,
            since="stuck_at",
        ),
        Task(
            gettext("Orders overdue"),
            select_by_clock(at, orders.overdue),
            late,
            f"{url}overdue",
            Severity.OVERDUE,
            due="due_at",
        ),
    ]
    if actor.may(Capability.WAIVE_ORDERS):
        note = gettext("a second person must approve")
        tasks.append(
            Task(gettext("Orders to waive"), select_by_clock(at, orders.to_waive), note, f"{url}to_waive", due="due_at")
        )
    return list(tasks)

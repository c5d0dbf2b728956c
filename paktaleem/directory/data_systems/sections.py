"""The section of a copy of a person's data: orders to systems about them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.copies.sections import (
    CATEGORIES,
    DUE,
    KIND,
    REASON,
    STATE,
    SYSTEM,
    Column,
    Section,
    ValueKind,
    table_section,
)


def list_order_sections() -> Sequence[Section]:
    columns = [
        (KIND, "kind"),
        (SYSTEM, "system__code"),
        (CATEGORIES, "categories"),
        (REASON, "reason"),
        (STATE, "state"),
        (Column("created_at", _("Issued"), ValueKind.TIME), "created_at"),
        (DUE, "due_at"),
        (Column("answered_at", _("Answered"), ValueKind.TIME), "ended_at"),
    ]
    title = _("Orders to systems about your data")
    return (table_section("orders", title, Order, columns, tables=("systems.OrderPart",)),)

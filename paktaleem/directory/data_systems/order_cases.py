"""The extension point of the cases that orders serve, whose apps are above data systems."""

from dataclasses import dataclass

from django.db.models import Model

from paktaleem.foundation.extensions.points import ExtensionPoint


@dataclass(frozen=True, slots=True)
class OrderCase:
    """The rows with a page in the console to which ``parent_id`` of orders of a kind of case leads, by a field."""

    kind: str
    model: type[Model]
    field: str = "pk"


order_cases: ExtensionPoint[OrderCase] = ExtensionPoint("systems.order_cases", "The pages of cases that orders serve.")

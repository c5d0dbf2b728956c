"""The extension point for what a system needs to carry out an order, such as a pseudonym."""

from collections.abc import Callable, Mapping
from typing import Any

from paktaleem.directory.data_systems.models.orders import Order
from paktaleem.foundation.extensions.points import ExtensionPoint

type ParametersOfOrder = Callable[[Order], Mapping[str, Any]]

order_parameters: ExtensionPoint[ParametersOfOrder] = ExtensionPoint(
    "data_systems.order_parameters", "Asked what the system needs to carry out an order that it accepted."
)


def list_order_parameters(order: Order) -> dict[str, Any]:
    """Return what a system needs to carry out an accepted order, by name; empty for most orders."""
    found: dict[str, Any] = {}
    for handler in order_parameters:
        found.update(handler(order))
    return found

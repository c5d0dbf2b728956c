"""Systems that hold personal data, and orders to them."""

from paktaleem.directory.data_systems.models.alerts import OrderAlert
from paktaleem.directory.data_systems.models.orders import (
    Ground,
    Order,
    OrderKind,
    OrderPart,
    OrderQuerySet,
    OrderSet,
    OrderStep,
    Waiver,
)
from paktaleem.directory.data_systems.models.systems import Delivery, System, SystemKey

__all__ = [
    "Delivery",
    "Ground",
    "Order",
    "OrderAlert",
    "OrderKind",
    "OrderPart",
    "OrderQuerySet",
    "OrderSet",
    "OrderStep",
    "System",
    "SystemKey",
    "Waiver",
]

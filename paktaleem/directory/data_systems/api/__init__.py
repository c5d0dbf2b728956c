"""What a system calls: its orders, and its answers to them."""

from paktaleem.directory.data_systems.api.operations import (
    AcceptOrder,
    AddOrderFile,
    CompleteOrder,
    FailOrder,
    ListOrders,
    ShowOrder,
)

__all__ = ["AcceptOrder", "AddOrderFile", "CompleteOrder", "FailOrder", "ListOrders", "ShowOrder"]

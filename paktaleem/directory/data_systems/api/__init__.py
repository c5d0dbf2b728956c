"""The orders API: a system fetches and answers its orders."""

from paktaleem.directory.data_systems.api.operations import (
    AcceptOrder,
    AddOrderFile,
    CompleteOrder,
    FailOrder,
    ListOrders,
    ShowOrder,
)

__all__ = ["AcceptOrder", "AddOrderFile", "CompleteOrder", "FailOrder", "ListOrders", "ShowOrder"]

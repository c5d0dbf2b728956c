"""Clients, staff, memberships, API keys, ledger entries and access records in the console."""

from paktaleem.directory.administration.admin import (
    access_records,
    accounts,
    api_keys,
    clients,
    dashboard,
    entries,
    memberships,
    periods,
    staff_changes,
)

__all__ = [
    "access_records",
    "accounts",
    "api_keys",
    "clients",
    "dashboard",
    "entries",
    "memberships",
    "periods",
    "staff_changes",
]

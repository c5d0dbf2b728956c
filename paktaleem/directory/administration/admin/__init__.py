"""Clients, staff, memberships, API keys and ledger entries in the console."""

from paktaleem.directory.administration.admin import (
    accounts,
    api_keys,
    clients,
    entries,
    memberships,
    periods,
    staff_changes,
)

__all__ = ["accounts", "api_keys", "clients", "entries", "memberships", "periods", "staff_changes"]

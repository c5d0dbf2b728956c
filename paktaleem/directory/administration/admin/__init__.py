"""Clients, staff, memberships, API keys and ledger entries in the console."""

from paktaleem.directory.administration.admin import accounts, clients, entries, periods, staff, staff_changes

__all__ = ["accounts", "clients", "entries", "periods", "staff", "staff_changes"]

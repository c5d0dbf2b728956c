"""Clients, staff, memberships, API keys and ledger entries in the console."""

from paktaleem.directory.administration.admin import clients, entries, staff

__all__ = ["clients", "entries", "staff"]

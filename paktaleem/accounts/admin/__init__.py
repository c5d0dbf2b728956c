"""Clients, staff, memberships and API keys in the console."""

from paktaleem.accounts.admin import clients, staff

__all__ = ["clients", "staff"]

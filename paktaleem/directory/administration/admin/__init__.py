"""Clients, staff, memberships and API keys in the console."""

from paktaleem.directory.administration.admin import clients, staff

__all__ = ["clients", "staff"]

"""Console pages for clients, staff, memberships and API keys."""

from paktaleem.accounts.admin import clients, staff

__all__ = ["clients", "staff"]

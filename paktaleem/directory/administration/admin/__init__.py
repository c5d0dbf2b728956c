"""Console pages for clients, staff, memberships and API keys."""

from paktaleem.directory.administration.admin import clients, staff

__all__ = ["clients", "staff"]

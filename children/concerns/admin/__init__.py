"""Concerns, and the requests of guardians, in the console."""

from children.concerns.admin import concerns, guardian_requests

__all__ = ["concerns", "guardian_requests"]

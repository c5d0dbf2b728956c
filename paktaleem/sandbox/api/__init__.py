"""The sandbox over the API."""

from paktaleem.sandbox.api.operations import SandboxClock

__all__ = ["SandboxClock"]

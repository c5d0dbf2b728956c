"""The sandbox over the API."""

from paktaleem.sandbox.api.operations import SandboxClock, SandboxReset, SandboxState

__all__ = ["SandboxClock", "SandboxReset", "SandboxState"]

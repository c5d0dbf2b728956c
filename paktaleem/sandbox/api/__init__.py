"""The sandbox API."""

from paktaleem.sandbox.api.operations import SandboxClock, SandboxReset, SandboxState

__all__ = ["SandboxClock", "SandboxReset", "SandboxState"]

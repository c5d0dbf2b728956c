"""The sandbox API."""

from paktaleem.sandbox.api.operations import SandboxClock, SandboxOrders, SandboxReset, SandboxState

__all__ = ["SandboxClock", "SandboxOrders", "SandboxReset", "SandboxState"]

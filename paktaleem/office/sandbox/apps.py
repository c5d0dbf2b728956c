"""Configuration of the sandbox app."""

from django.db.models.signals import post_migrate

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class SandboxConfig(PortalAppConfig):
    name = "paktaleem.office.sandbox"
    families = "sandbox: Sandboxes"
    facts = "ahead_seconds: seconds ahead"
    ledger = (
        entry("sandbox.clock_moved", "Clock of a sandbox moved ahead"),
        entry("sandbox.started_over", "Sandbox reset"),
    )

    def ready(self) -> None:
        from paktaleem.office.sandbox.reset_function import install_after_migrate  # noqa: PLC0415 -- needs the app registry

        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="sandbox.forgetting")

"""Configuration of the sandbox app."""

from django.db.models.signals import post_migrate

from paktaleem.foundation.operations import extensions


class SandboxConfig(extensions.PortalAppConfig):
    name = "paktaleem.office.sandbox"

    def ready(self) -> None:
        from paktaleem.office.sandbox.reset_function import install_after_migrate  # noqa: PLC0415 -- needs the app registry

        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="sandbox.forgetting")

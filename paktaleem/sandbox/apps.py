"""The sandbox as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SandboxConfig(AppConfig):
    """Has no tables of its own: it acts on those of the rooms below, through their services."""

    name = "paktaleem.sandbox"
    label = "sandbox"

    def ready(self) -> None:
        """Have the function that forgets follow the tables there are."""
        from paktaleem.sandbox.forgetting import install_after_migrate  # noqa: PLC0415 -- needs the app registry

        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="sandbox.forgetting")

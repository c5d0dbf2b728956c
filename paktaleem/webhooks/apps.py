"""The webhooks' room."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class WebhooksConfig(AppConfig):
    """Endpoints, what they are told, and what became of it."""

    name = "paktaleem.webhooks"
    label = "webhooks"
    verbose_name = "webhooks"

    def ready(self) -> None:
        """Declare the wrapped secrets, and make the database's list of events after every migrate."""
        import paktaleem.webhooks.secrets  # noqa: F401, PLC0415 -- declares what is wrapped
        from paktaleem.webhooks.catalogue import install_after_migrate  # noqa: PLC0415 -- needs the app registry

        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="webhooks.catalogue")

"""The webhooks' room."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Endpoints, what they are told, and what became of it."""

    name = "paktaleem.directory.webhooks"
    label = "webhooks"
    verbose_name = "webhooks"

    def ready(self) -> None:
        """Have the secrets counted wherever an epoch may be destroyed."""
        import paktaleem.directory.webhooks.secrets  # noqa: F401, PLC0415 -- declares what is wrapped

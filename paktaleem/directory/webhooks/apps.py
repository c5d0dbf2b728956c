"""Configuration of the webhooks app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhook endpoints, messages and deliveries."""

    name = "paktaleem.directory.webhooks"
    label = "webhooks"
    verbose_name = "webhooks"

    def ready(self) -> None:
        """Register the endpoint secrets as wrapped under the keyring."""
        import paktaleem.directory.webhooks.secrets  # noqa: F401, PLC0415 -- declares what is wrapped

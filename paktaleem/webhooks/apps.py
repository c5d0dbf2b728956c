"""The webhooks' room."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Endpoints, what they are told, and what became of it."""

    name = "paktaleem.webhooks"
    label = "webhooks"
    verbose_name = "webhooks"

"""Django app of webhooks."""

from paktaleem.foundation.extensions.config import PortalAppConfig


class WebhooksConfig(PortalAppConfig):
    """Webhook endpoints, the events sent to them, and the log of deliveries."""

    name = "paktaleem.directory.webhooks"
    label = "webhooks"
    verbose_name = "webhooks"
    handlers = (
        (
            "paktaleem.foundation.encryption.wrapped.wrapped_kinds",
            "paktaleem.directory.webhooks.secrets.ENDPOINT_SECRETS",
        ),
    )

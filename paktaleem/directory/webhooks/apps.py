"""Django app of webhooks."""

from paktaleem.foundation.extensions import config


class WebhooksConfig(config.PortalAppConfig):
    """Webhook endpoints, the events sent to them, and the log of deliveries."""

    name = "paktaleem.directory.webhooks"
    label = "webhooks"
    verbose_name = "webhooks"
    handlers = (
        (
            "paktaleem.foundation.encryption.wrapped_kinds.wrapped_kinds",
            "paktaleem.directory.webhooks.secrets.ENDPOINT_SECRETS",
        ),
    )

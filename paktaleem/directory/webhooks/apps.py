"""Django app of webhooks."""

from django.db.models.signals import post_migrate

from paktaleem.foundation.operations import extensions


class WebhooksConfig(extensions.PortalAppConfig):
    """Webhook endpoints, the events sent to them, and the log of deliveries."""

    name = "paktaleem.directory.webhooks"
    verbose_name = "webhooks"
    handlers = (
        (
            "paktaleem.foundation.operations.metrics.gauge_readers",
            "paktaleem.directory.webhooks.selectors.read_webhooks",
        ),
        (
            "paktaleem.foundation.operations.diagnosis.doctor_checks",
            "paktaleem.directory.webhooks.selectors.check_webhooks",
        ),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "paktaleem.directory.webhooks.services.MESSAGES"),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.webhooks.secrets.ENDPOINT_SECRETS",
        ),
    )

    def ready(self) -> None:
        """Install the database's list of events after every migrate."""
        from paktaleem.directory.webhooks.catalogue import install_after_migrate  # noqa: PLC0415 -- needs the app registry

        super().ready()
        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="webhooks.catalogue")

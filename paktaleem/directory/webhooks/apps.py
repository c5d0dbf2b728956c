"""Django app of webhooks."""

from django.db.models.signals import post_migrate

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class WebhooksConfig(PortalAppConfig):
    name = "paktaleem.directory.webhooks"
    verbose_name = "webhooks"
    handlers = (
        ("paktaleem.foundation.operations.metrics.gauge_readers", ".selectors.read_webhooks"),
        ("paktaleem.foundation.operations.diagnosis.doctor_checks", ".selectors.check_webhooks"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.MESSAGES"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".services.ENDPOINT_SECRETS"),
    )
    facts = "old_ends_at: old one ends at"
    ledger = (
        entry("webhook.added webhook.changed webhook.enabled webhook.removed"),
        entry("webhook.disabled", severity="low"),
        entry("webhook.replayed", "Webhook messages sent again"),
        entry("webhook.secret_rotated", "Secret of a webhook replaced"),
    )

    def ready(self) -> None:
        from paktaleem.directory.webhooks.events import install_after_migrate  # noqa: PLC0415 -- needs the app registry

        super().ready()
        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="webhooks.catalogue")

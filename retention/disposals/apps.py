"""Django app of disposals."""

from paktaleem.foundation.operations import extensions

_SYSTEMS = "paktaleem.directory.data_systems.extension_points"


class DisposalsConfig(extensions.PortalAppConfig):
    name = "retention.disposals"
    verbose_name = "disposals"
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", "retention.disposals.services.batches.LARGE"),
        (f"{_SYSTEMS}.order_answered", "retention.disposals.services.executing.settle_items"),
        (f"{_SYSTEMS}.order_parameters", "retention.disposals.services.executing.list_parameters"),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "retention.disposals.services.executing.BATCH_KEYS",
        ),
    )

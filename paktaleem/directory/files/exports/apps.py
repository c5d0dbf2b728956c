"""Django app of large exports of lists."""

from paktaleem.foundation.operations.extensions import config


class ExportsConfig(config.PortalAppConfig):
    """Large exports of lists."""

    name = "paktaleem.directory.files.exports"
    label = "exports"
    verbose_name = "exports of lists"
    handlers = (
        ("paktaleem.foundation.console.exporting.large_exports", "paktaleem.directory.files.exports.rows.order_export"),
        ("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.directory.files.exports.work.EXPORTS"),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.files.exports.data_kinds.list_kinds",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.files.exports.models.EXPORT_KEYS",
        ),
    )

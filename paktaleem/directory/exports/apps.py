"""Django app of large exports of lists."""

from paktaleem.foundation.extensions import config


class ExportsConfig(config.PortalAppConfig):
    """Large exports of lists."""

    name = "paktaleem.directory.exports"
    label = "exports"
    verbose_name = "exports of lists"
    handlers = (
        ("paktaleem.foundation.console.exporting.large_exports", "paktaleem.directory.exports.rows.order_export"),
        ("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.directory.exports.work.EXPORTS"),
        ("paktaleem.foundation.periods.kinds.data_kinds", "paktaleem.directory.exports.data_kinds.list_kinds"),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.exports.models.EXPORT_KEYS",
        ),
    )

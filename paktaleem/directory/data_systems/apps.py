"""Django app of data systems and orders."""

from paktaleem.foundation.operations import extensions


class DataSystemsConfig(extensions.PortalAppConfig):
    """Systems that hold personal data, and the orders they carry out."""

    name = "paktaleem.directory.data_systems"
    handlers = (
        (
            "paktaleem.foundation.operations.metrics.gauge_readers",
            "paktaleem.directory.data_systems.selectors.read_orders",
        ),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.data_systems.services.issuing.COPIES",
        ),
        (
            "paktaleem.directory.people.extension_points.erasure_started",
            "paktaleem.directory.data_systems.services.issuing.issue_erasure_orders",
        ),
        (
            "paktaleem.directory.people.extension_points.erasure_blockers",
            "paktaleem.directory.data_systems.services.issuing.describe_open_erasure_orders",
        ),
        (
            "paktaleem.directory.people.extension_points.erasure_locks",
            "paktaleem.directory.data_systems.services.issuing.lock_open_orders",
        ),
        (
            "paktaleem.directory.data_systems.extension_points.order_answered",
            "paktaleem.directory.data_systems.services.issuing.continue_erasure",
        ),
        (
            "paktaleem.directory.people.extension_points.before_erasure",
            "paktaleem.directory.data_systems.services.issuing.keep_orders_answerable",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.data_systems.sealed_names.ORDER_NAMES",
        ),
    )

"""Django app of data systems and orders."""

from paktaleem.foundation.extensions import config


class SystemsConfig(config.PortalAppConfig):
    """Systems that hold personal data, and the orders they carry out."""

    name = "paktaleem.directory.data_systems"
    label = "systems"
    handlers = (
        (
            "paktaleem.directory.people.leaving.before_erasure",
            "paktaleem.directory.data_systems.services.leaving.keep_orders_answerable",
        ),
        (
            "paktaleem.foundation.encryption.wrapped.wrapped_kinds",
            "paktaleem.directory.data_systems.naming.ORDER_NAMES",
        ),
    )

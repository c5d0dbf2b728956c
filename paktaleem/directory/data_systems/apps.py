"""Django app of data systems and orders."""

from paktaleem.foundation.extensions import config


class SystemsConfig(config.PortalAppConfig):
    """Systems that hold personal data, and the orders they carry out."""

    name = "paktaleem.directory.data_systems"
    label = "systems"
    handlers = (
        (
            "paktaleem.directory.people.erasure_hooks.before_erasure",
            "paktaleem.directory.data_systems.services.erasure.keep_orders_answerable",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_kinds.wrapped_kinds",
            "paktaleem.directory.data_systems.sealed_names.ORDER_NAMES",
        ),
    )

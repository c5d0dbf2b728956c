"""Django app of exits: the end of an agreement."""

from paktaleem.foundation.operations import extensions


class ExitsConfig(extensions.PortalAppConfig):
    name = "paktaleem.office.exits"
    verbose_name = "exits"
    handlers = (
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", "paktaleem.office.exits.models.EXIT_KEYS"),
    )

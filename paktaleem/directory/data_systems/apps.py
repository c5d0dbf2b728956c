"""Where the data lies, and what those who hold it are to do."""

from django.apps import AppConfig


class SystemsConfig(AppConfig):
    """Systems and orders."""

    name = "paktaleem.directory.data_systems"
    label = "systems"

    def ready(self) -> None:
        """See to open orders before anyone's key is destroyed."""
        from paktaleem.directory.data_systems.services.leaving import keep_orders_answerable  # noqa: PLC0415 -- likewise
        from paktaleem.directory.people.leaving import before_erasure  # noqa: PLC0415 -- needs the app registry

        before_erasure(keep_orders_answerable)

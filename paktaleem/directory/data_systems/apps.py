"""Configuration of the app for data systems and their orders."""

from django.apps import AppConfig


class SystemsConfig(AppConfig):
    """Systems that hold personal data, and orders to them."""

    name = "paktaleem.directory.data_systems"
    label = "systems"

    def ready(self) -> None:
        """Register the pre-erasure hook for open orders."""
        from paktaleem.directory.data_systems.services.leaving import keep_orders_answerable  # noqa: PLC0415 -- likewise
        from paktaleem.directory.people.leaving import before_erasure  # noqa: PLC0415 -- needs the app registry

        before_erasure(keep_orders_answerable)

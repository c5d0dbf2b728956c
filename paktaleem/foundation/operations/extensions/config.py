"""The base of the project's app configurations."""

from collections.abc import Sequence
from typing import ClassVar

from django.apps import AppConfig
from django.utils.module_loading import import_string


class PortalAppConfig(AppConfig):
    """Connects the handlers that an app declares once every model is loaded.

    Derive from ``config.PortalAppConfig``, not from the bare name: Django takes every AppConfig in the namespace of
    ``apps.py`` for the app's own.

    ``handlers`` lists pairs of dotted paths: an extension point of an app below, and the handler of this app.
    """

    handlers: ClassVar[Sequence[tuple[str, str]]] = ()

    def ready(self) -> None:
        """Connect the handlers. Raises ImportError if a path is wrong."""
        super().ready()
        for point, handler in self.handlers:
            import_string(point).connect(import_string(handler))

"""Extension points, by which an app calls handlers of apps above it, and the base of app configurations."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import ClassVar

from django.apps import AppConfig
from django.utils.module_loading import import_string

_POINTS: "dict[str, ExtensionPoint[object]]" = {}


class ExtensionPoint[H]:
    """A named list of handlers. The app that owns it iterates over it; apps above connect their handlers.

    Handlers are called in the order in which they were connected. ``manage.py list_extensions`` lists all of them.
    """

    def __init__(self, name: str, purpose: str) -> None:
        """Register the point under its name, ``app.what_happens``. Raises ValueError if the name is taken."""
        if name in _POINTS:
            raise ValueError(f"There are two extension points called {name}.")
        self.name, self.purpose = name, purpose
        self._handlers: list[H] = []
        _POINTS[name] = self  # type: ignore[assignment]  # handlers of many types

    def connect(self, handler: H) -> H:
        """Connect a handler once; usable as a decorator."""
        if handler not in self._handlers:
            self._handlers.append(handler)
        return handler

    def __iter__(self) -> Iterator[H]:
        return iter(tuple(self._handlers))


def extension_points() -> "list[ExtensionPoint[object]]":
    return [_POINTS[name] for name in sorted(_POINTS)]


class PortalAppConfig(AppConfig):
    """Connects the handlers that an app declares once every model is loaded.

    Derive from ``extensions.PortalAppConfig``: Django takes every AppConfig in the namespace of ``apps.py`` for the
    app's own.

    ``handlers`` lists pairs of dotted paths: an extension point of an app below, and the handler of this app. ``parts``
    names packages of the app with models, console pages or tasks of their own; each is read as the app's own modules.
    """

    handlers: ClassVar[Sequence[tuple[str, str]]] = ()
    parts: ClassVar[Sequence[str]] = ()

    def import_models(self) -> None:
        super().import_models()
        for module in self.modules("models"):
            self.models_module = self.models_module or module

    def modules(self, name: str) -> list[ModuleType]:
        """Import the modules of this name of the app and of its parts, and return them."""
        packages = [self.name, *(f"{self.name}.{part}" for part in self.parts)]
        return [import_module(f"{package}.{name}") for package in packages if find_spec(f"{package}.{name}")]

    def ready(self) -> None:
        super().ready()
        for point, handler in self.handlers:
            import_string(point).connect(import_string(handler))
        if self.parts:
            self.modules("tasks")  # procrastinate looks for those of the app itself only

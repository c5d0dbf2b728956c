"""Extension points, by which an app calls handlers of apps above it; the base of app configurations; ledger entries."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import ClassVar, NamedTuple

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
        if handler not in self._handlers:
            self._handlers.append(handler)
        return handler

    def __iter__(self) -> Iterator[H]:
        return iter(tuple(self._handlers))


def extension_points() -> "list[ExtensionPoint[object]]":
    return [_POINTS[name] for name in sorted(_POINTS)]


class SentEvent(NamedTuple):
    """A webhook event that is sent for a ledger entry.

    ``facts`` are the entry's facts that it repeats, with spaces between: ids and codes, never a name, an address or a
    text, because receivers may log payloads. ``type`` is empty for the entry's own kind, ``label`` for its own name.
    ``row`` limits an act of the register to one kind of row. ``is_shared`` events happen at PakTaleem and concern every
    client.
    """

    facts: str
    type: str = ""
    label: str = ""
    row: str = ""
    is_shared: bool = False


class EntryKind(NamedTuple):
    """A kind of ledger entry, its name, the events sent for it, and its severity if it matters for security."""

    kind: str
    name: str
    events: tuple[SentEvent, ...]
    severity: str


def entry(
    kinds: str, name: str = "", sends: str | tuple[SentEvent, ...] = (), severity: str = ""
) -> tuple[EntryKind, ...]:
    """Declare a kind of ledger entry, or several whose name is their code: ``hold.lifted`` is "Hold lifted".

    A kind is a stable code for machines. ``sends`` has the facts of an event of the same kind, or the events.
    """
    events = (SentEvent(sends),) if isinstance(sends, str) else sends
    return tuple(
        EntryKind(kind, name or kind.replace(".", " ").replace("_", " ").capitalize(), events, severity)
        for kind in kinds.split()
    )


class PortalAppConfig(AppConfig):
    """Connects the handlers that an app declares once every model is loaded.

    ``handlers`` lists pairs of dotted paths: an extension point of an app below, and the handler of this app, which may
    begin with a dot instead of the app's name. ``parts`` names packages of the app with models, console pages or tasks
    of their own; each is read as the app's own modules.

    ``ledger`` has the kinds of ledger entries that the app records, ``families`` and ``facts`` (``code: name, …``) the
    names of families of kinds and of facts that do not follow from their code (``audit.names`` reads all three).
    """

    default = False  # Django looks for the only AppConfig in the namespace of apps.py
    handlers: ClassVar[Sequence[tuple[str, str]]] = ()
    parts: ClassVar[Sequence[str]] = ()
    ledger: ClassVar[Sequence[tuple[EntryKind, ...]]] = ()
    families: ClassVar[str] = ""
    facts: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        cls.default = True

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
            path = f"{self.name}{handler}" if handler.startswith(".") else handler
            import_string(point).connect(import_string(path))
        if self.parts:
            self.modules("tasks")  # procrastinate looks for those of the app itself only

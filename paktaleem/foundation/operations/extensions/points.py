"""Extension points and the handlers connected to them."""

from collections.abc import Iterator

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
    """List every extension point, by name."""
    return [_POINTS[name] for name in sorted(_POINTS)]

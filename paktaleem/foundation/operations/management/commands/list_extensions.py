"""``manage.py list_extensions``: which app calls which handlers of apps above it."""

from collections.abc import Mapping

from django.core.management.base import BaseCommand

from paktaleem.foundation.operations.extensions import extension_points


class Command(BaseCommand):
    help = "List the extension points and the handlers connected to each."
    requires_system_checks: list[str] = []

    def handle(self, *_: object, **__: object) -> None:
        for point in extension_points():
            self.stdout.write(f"{point.name}: {point.purpose}")
            for handler in point:
                self.stdout.write(f"    {_name_of(handler)}")


def _name_of(handler: object) -> str:
    if isinstance(handler, Mapping):
        return f"{len(handler)} entries, the first {next(iter(handler)).__qualname__}"
    if hasattr(handler, "__qualname__"):
        return f"{handler.__module__}.{handler.__qualname__}"
    if hasattr(handler, "panel"):
        return f"{handler.panel.__module__}.{handler.panel.__qualname__}"
    shown = getattr(handler, "act", handler)
    name = getattr(shown, "slug", getattr(shown, "name", "")) or getattr(handler, "model", "")
    return f"{type(shown).__name__} {getattr(name, '__qualname__', name)}"

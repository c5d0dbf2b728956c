"""``manage.py list_extensions``: which app calls which handlers of apps above it."""

from typing import Any

from django.core.management.base import BaseCommand

from paktaleem.foundation.extensions.points import extension_points

__all__ = ["Command"]


class Command(BaseCommand):
    """Lists every extension point, what it is for, and its handlers in the order of their calls."""

    help = "List the extension points and the handlers connected to each."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **__: Any) -> None:
        """Print one block for each point."""
        for point in extension_points():
            self.stdout.write(f"{point.name}: {point.purpose}")
            for handler in point:
                self.stdout.write(f"    {_name_of(handler)}")


def _name_of(handler: object) -> str:
    module, name = getattr(handler, "__module__", ""), getattr(handler, "__qualname__", "")
    return f"{module}.{name}" if name else str(handler)

"""The result of loading a file: changes, what waits for a second person, and errors by field."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from paktaleem.foundation.errors import PortalError

_LONGEST = 60


@dataclass(slots=True)
class Report:
    """Lines about a file: ``changes`` made, ``waiting`` for a person, and ``errors`` for which all is rolled back."""

    changes: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        """Report a new row."""
        self.changes.append(f"{place}: new")

    def change(self, place: str, differences: Mapping[str, tuple[Any, Any]]) -> None:
        """Report the changed fields of a row."""
        self.changes += [f"{place}.{name}: {_show(old)} → {_show(new)}" for name, (old, new) in differences.items()]

    def refuse(self, place: str, text: str, *, field: str = "") -> None:
        """Report an error of a section or a row, or of one of its fields."""
        self.errors.append(f"{name_field(place, field)}: {text}")

    @contextmanager
    def errors_of(self, place: str) -> Iterator[None]:
        """Report what a service refuses under its place in the file; nothing of the act is kept then."""
        try:
            with transaction.atomic():
                yield
        except ValidationError as error:
            self._add_errors(place, error)
        except PortalError as error:
            self.refuse(place, str(error.console_message) or str(error))

    def _add_errors(self, place: str, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.errors += [f"{place}: {text}" for text in error.messages]
            return
        for name, texts in error.message_dict.items():
            where = name_field(place, "" if name == "__all__" else name)
            self.errors += [f"{where}: {text}" for text in texts]


def name_field(place: str, field: str) -> str:
    """Return the name of a field in the file; of its row or section, if ``field`` is empty."""
    return f"{place}.{field}" if field else place


def _show(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}”"

"""Section of a copy of a person's data: the values that were corrected."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied, Reader, Section, Source, Value
from rights.rectifications.models import CorrectedValue
from rights.rectifications.services.applying import open_value


def _open(name: str) -> Source:
    def read(row: Any, reader: Reader) -> Value:
        return open_value(row, name, reader.sealer) or None

    return read


_VALUES = Copied(
    "corrected_values",
    _("Values that were corrected"),
    "field old_value new_value reason recorded_at=at applied_at by",
    titles={"applied_at": _("In effect since")},
    read={"old_value": _open("old_value"), "new_value": _open("new_value")},
)


def list_rectification_sections() -> Sequence[Section]:
    return (_VALUES.make_section(CorrectedValue),)

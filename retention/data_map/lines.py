"""Lines about what the portal itself holds, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLine:
    """Data of one kind that the portal holds of a client's people, with its rule.

    ``contents`` are the sections of a copy that show it, ``categories`` codes of the register with their names.
    ``period`` and ``duration`` (ISO 8601) are empty if something else than time ends it: ``counted_from`` says what.
    """

    code: str
    name: str
    contents: tuple[str, ...]
    categories: Mapping[str, str]
    counted_from: str
    period: str
    duration: str
    disposal: str

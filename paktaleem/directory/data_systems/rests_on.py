"""The basis of a line about data in a system: codes in certificates, words on pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils.text import capfirst
from django.utils.translation import gettext

from paktaleem.foundation.text.times import format_date, join_words


def describe_confirmation(confirmed_at: datetime | None) -> str:
    """Return in words whether and when the system confirmed something."""
    if confirmed_at is None:
        return gettext("Not confirmed")
    return gettext("Confirmed by the system on {day}").format(day=format_date(confirmed_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class RestsOn:
    """The basis of a line about data of one category in a system.

    The system ``reported`` the data, or declares it in the data map; else it is only registered for it.
    ``confirmed_at`` is the time at which the system itself confirmed the line; a waiver, a refusal and silence confirm
    nothing.
    """

    confirmed_at: datetime | None = None
    is_reported: bool
    is_declared: bool

    def to_codes(self) -> dict[str, str | None]:
        """Return codes, and a time in ISO 8601, for certificates; ``known_from`` is why the data was looked for."""
        return {
            "rests_on": "not_confirmed" if self.confirmed_at is None else "confirmed",
            "confirmed_at": None if self.confirmed_at is None else self.confirmed_at.isoformat(),
            "known_from": "reported" if self.is_reported else "declared" if self.is_declared else "registered",
        }

    @classmethod
    def from_codes(cls, codes: Mapping[str, Any]) -> Self:
        """Return what a line of a certificate rests on."""
        known_from, at = codes["known_from"], codes["confirmed_at"]
        return cls(
            confirmed_at=None if at is None else datetime.fromisoformat(at),
            is_reported=known_from == "reported",
            is_declared=known_from == "declared",
        )

    def describe_origin(self) -> str:
        """Return in words why the system is taken to hold the data."""
        origins = {gettext("reported"): self.is_reported, gettext("declared"): self.is_declared}
        return capfirst(join_words(words for words, applies in origins.items() if applies) or gettext("registered"))

    def describe(self) -> str:
        """Return the whole line in words."""
        return f"{self.describe_origin()} · {describe_confirmation(self.confirmed_at)}"

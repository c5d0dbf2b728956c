"""Below which age a guardian decides: by the country where a person lives, and a default that is always there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["HIGHEST", "LOWEST", "Thresholds"]

LOWEST, HIGHEST = 13, 21
"""PakTaleem's policy (§8) asks for 13 at least; the laws of some countries for more (GDPR, Art. 8)."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One client's rule. ``home`` is the country of the institution, where whoever says no other country lives."""

    default: int
    by_country: Mapping[str, int] = field(default_factory=dict)
    home: str = ""

    def of(self, country: str) -> int:
        """Give the threshold, in whole years, for somebody who lives in a country (ISO 3166; empty: at home)."""
        return self.by_country.get(country or self.home, self.default)

    def is_looser_than(self, other: "Thresholds") -> bool:
        """Say whether somebody, wherever they live, would decide for themselves earlier than by the other rule."""
        countries = {"", self.home, other.home, *self.by_country, *other.by_country}
        return self.default < other.default or any(self.of(one) < other.of(one) for one in countries)

"""Age of consent by country of residence, with a default (GDPR Art. 8). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paktaleem.foundation.law.profiles import PROMISES, promised

LOWEST, HIGHEST = promised(PROMISES.consent_age).years, 21
"""At least 13 by PakTaleem's policy (§8); some countries require more (GDPR Art. 8)."""
FULL_AGE = promised(PROMISES.full_age).years
"""Full age in most countries (UN Convention on the Rights of the Child, Art. 1); others are in the law profiles."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The age thresholds of one client; ``home`` is its country, the default country of residence.

    ``law`` are the ages of the law profiles by country. The higher age counts: the client's or the law's.
    """

    default: int
    by_country: Mapping[str, int] = field(default_factory=dict)
    home: str = ""
    law: Mapping[str, int] = field(default_factory=dict)

    def of(self, country: str) -> int:
        """Return the threshold in whole years for a country of residence (ISO 3166; empty: ``home``)."""
        country = country or self.home
        return max(self.by_country.get(country, self.default), self.law.get(country, LOWEST))

    @property
    def exceptions(self) -> dict[str, int]:
        """The countries of residence with another threshold than the default; empty: the home country."""
        ages = {country: self.of(country) for country in ("", *self.by_country, *self.law)}
        return {country: years for country, years in ages.items() if years != self.default}

    def is_weaker_than(self, other: "Thresholds") -> bool:
        """Return True if, in any country, people decide for themselves at a lower age than by ``other``."""
        countries = {"", self.home, other.home, *self.exceptions, *other.exceptions}
        return self.default < other.default or any(self.of(one) < other.of(one) for one in countries)

    def to_full_ages(self, by_country: Mapping[str, int]) -> "Thresholds":
        """Return the full ages of the same countries: 18 or the country's own, never below the age of consent."""
        default = max(FULL_AGE, self.default)
        own = {country: by_country.get(country, FULL_AGE) for country in {*by_country, *self.by_country, *self.law}}
        return Thresholds(default, {country: max(age, self.of(country)) for country, age in own.items()}, self.home)

"""The risk of a breach for people, and who is informed of it. Pure.

Regulation (EU) 2016/679: the authority is notified unless a risk is unlikely (Art. 33(1)); people are informed if the
risk is high (Art. 34(1)). EDPB Guidelines 9/2022, section IV: likelihood and severity.
"""

from enum import StrEnum


class Likelihood(StrEnum):
    """How likely it is that people are harmed."""

    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    LIKELY = "likely"


class Severity(StrEnum):
    """How much people would be harmed."""

    MINOR = "minor"
    SERIOUS = "serious"
    SEVERE = "severe"


class Outcome(StrEnum):
    """The people or bodies to inform besides the client."""

    NONE = "none"
    AUTHORITY = "authority"
    PEOPLE = "people"


_HIGH = frozenset(
    {
        (Likelihood.LIKELY, Severity.SERIOUS),
        (Likelihood.LIKELY, Severity.SEVERE),
        (Likelihood.POSSIBLE, Severity.SEVERE),
    }
)


def suggest_outcome(likelihood: Likelihood, severity: Severity) -> Outcome:
    """Return who should be informed: no one only if harm is unlikely and minor, people if the risk is high."""
    if (likelihood, severity) in _HIGH:
        return Outcome.PEOPLE
    if (likelihood, severity) == (Likelihood.UNLIKELY, Severity.MINOR):
        return Outcome.NONE
    return Outcome.AUTHORITY

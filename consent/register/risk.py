"""Which assessments a purpose or a recipient needs: the criteria of high risk and the questionnaires. Pure.

The criteria and the number of them that makes a high risk are in the law profiles (GDPR Art. 35; WP 248 rev.01).
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from paktaleem.foundation.law.profiles import PROMISES, Rules


class Criterion(StrEnum):
    """The criteria that follow from the register; others are declared on a purpose."""

    CHILDREN = "children"
    PROFILING = "profiling"
    DECISION = "decision"


class Question(msgspec.Struct, frozen=True):
    """One question in both languages. ``told``: people read the answer, so that it is given in both, too.

    The answer to a question with ``day`` is a day, as ISO 8601 writes it.
    """

    code: str
    text_en: str
    text_ur: str
    told: bool = False
    day: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (f"{self.code}_en", f"{self.code}_ur") if self.told else (self.code,)


class Questionnaire(msgspec.Struct, frozen=True):
    """The questions of one kind of assessment. A change of a question takes a new version."""

    version: str
    questions: tuple[Question, ...] = msgspec.field(name="question")


@cache
def read_questionnaires() -> dict[str, Questionnaire]:
    return msgspec.toml.decode(
        Path(__file__).with_name("questionnaires.toml").read_bytes(), type=dict[str, Questionnaire]
    )


def find_criteria(risks: Iterable[str], *, automated: str, serves_minors: bool) -> frozenset[str]:
    """Return the criteria that a purpose meets: declared ones, and those that follow from the register.

    An automated decision evaluates people too, so that it meets two.
    """
    derived = {
        Criterion.CHILDREN: serves_minors,
        Criterion.PROFILING: automated in {Criterion.PROFILING, Criterion.DECISION},
        Criterion.DECISION: automated == Criterion.DECISION,
    }
    return frozenset({*risks, *(str(code) for code, is_met in derived.items() if is_met)})


def is_high_risk(criteria: Collection[str], rules: Rules) -> bool:
    """Return True if a law, or PakTaleem's promises, demand an impact assessment for these criteria."""
    demands = (rule for rule in (PROMISES.impact, rules.impact) if rule is not None)
    return any(len(criteria) >= rule.at_least or not set(rule.alone).isdisjoint(criteria) for rule in demands)


def needs_transfer_assessment(ground: str, countries: Iterable[str], rules: Rules, *, home: str) -> bool:
    """Return True if data goes to a country without adequacy (GDPR Art. 46; Schrems II, C-311/18).

    Where the law profile lists the adequate countries, only these and ``home``, the client's country, need none.
    """
    if ground not in {"", "same_country", "adequacy"}:
        return True
    return rules.adequacy is not None and not set(countries) <= {home, *rules.adequacy.countries}

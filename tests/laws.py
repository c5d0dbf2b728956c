"""Law profiles of tests: one of Pakistan, with rules as lines of TOML."""

from datetime import datetime
from pathlib import Path

from django.test.utils import override_settings

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from tests.factories import SETTING_UP

HEAD = 'name_en = "Test"\nname_ur = "ٹیسٹ"\ncountries = ["PK"]\n'
WORDS = 'text_en = "As the law says"\ntext_ur = "قانون کے مطابق"\n'
SOURCED = 'source = "Act of a test"\nreviewed = 2026-12-02\n'


def period(starts: str, **rules: str) -> str:
    """Return a period from a day as TOML; each rule is its line, such as ``full_age="years = 21"``."""
    lines = "".join(f"[period.{name}]\n{line}\n{SOURCED}" for name, line in rules.items())
    return f"[[period]]\nfrom = {starts}\n{lines}"


def law_of_pakistan(folder: Path, *periods: str, country: str = "PK") -> override_settings:
    """Replace the profile of Pakistan, or another ``country``, by one with these periods in ``folder``, a new one."""
    folder.mkdir()
    (folder / f"{country.lower()}.toml").write_text(HEAD.replace("PK", country) + "".join(periods))
    return override_settings(LAW_PROFILES=str(folder))


def law_abroad(folder: Path) -> override_settings:
    """Replace the law of the United Arab Emirates by a stricter one: 15 days, no pause, 24 hours, an authority."""
    rules = {"answer": "days = 15", "pause": "allowed = false", "breach_authority": "hours = 24"}
    authority = 'by_country = { AE = ["Office of a test", "https://privacy.example"] }'
    return law_of_pakistan(folder / "abroad", period("2020-01-01", **rules, authority=authority), country="AE")


def move_abroad(person: Subject, *, at: datetime | None = None) -> Subject:
    """Record the United Arab Emirates as the person's country of residence."""
    person.country = "AE"
    save_tracked(person, actor=SETTING_UP, reason=Reason.REVIEW, at=at or person.registered_at)
    return person

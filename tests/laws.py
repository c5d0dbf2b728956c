"""Law profiles of tests: one of Pakistan, with rules as lines of TOML."""

from pathlib import Path

from django.test.utils import override_settings

HEAD = 'name_en = "Test"\nname_ur = "ٹیسٹ"\ncountries = ["PK"]\n'
SOURCED = 'source = "Act of a test"\nreviewed = 2026-12-02\n'


def period(starts: str, **rules: str) -> str:
    """Return a period from a day as TOML; each rule is its line, such as ``full_age="years = 21"``."""
    lines = "".join(f"[period.{name}]\n{line}\n{SOURCED}" for name, line in rules.items())
    return f"[[period]]\nfrom = {starts}\n{lines}"


def law_of_pakistan(folder: Path, *periods: str) -> override_settings:
    """Replace the profile of Pakistan by one with these periods, in ``folder``, which must be new."""
    folder.mkdir()
    (folder / "pk.toml").write_text(HEAD + "".join(periods))
    return override_settings(LAW_PROFILES=str(folder))

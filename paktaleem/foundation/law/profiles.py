"""Law profiles: what the law of a country sets, from which day, and its source. Pure.

A profile has periods. A period holds what changes on its first day and takes everything else from the one before. A
rule that no period sets is None: the law is silent, or we have no certain source.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

FOLDER = Path(__file__).parent / "profiles"
POLICY = "policy"
"""Code of the profile with PakTaleem's own promises, the only one without countries."""
_LISTS = ("countries", "by_country")
_ZONES = timedelta(days=1)
"""It is tomorrow already in some time zone."""
Text = Annotated[str, Meta(min_length=3)]
Count = Annotated[int, Meta(ge=1)]
Years = Annotated[int, Meta(ge=13, le=21)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a law: its source (law and article), and the day on which a person last checked it.

    The texts explain the value in both languages.
    """

    source: Text
    reviewed: date
    text_en: str = ""
    text_ur: str = ""

    def __post_init__(self) -> None:
        if bool(self.text_en) != bool(self.text_ur):
            raise ValueError("write the text in both languages, or in neither")


class Age(Rule, frozen=True, kw_only=True):
    """An age in years; other ages by country (ISO 3166), if the countries of the profile differ."""

    years: Years
    by_country: dict[str, Years] = {}


class Term(Rule, frozen=True, kw_only=True):
    """A period in days, or in calendar months."""

    days: Count | None = None
    months: Count | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.days is None) == (self.months is None):
            raise ValueError("set either days or months")


class Hours(Rule, frozen=True, kw_only=True):
    """A time limit in real hours; without hours, in words only."""

    hours: Count | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.hours and not self.text_en:
            raise ValueError("set hours or a text")


class Pause(Rule, frozen=True, kw_only=True):
    """Whether the clock of a request may stop while the person is asked, and for how many days altogether."""

    allowed: bool
    days: Count | None = None


class Statement(Rule, frozen=True, kw_only=True):
    """A rule in words only."""

    text_en: Text
    text_ur: Text


class Marketing(Statement, frozen=True, kw_only=True):
    """The people to whom marketing needs consent, as ``consent`` says; others may only object to it."""

    consent: Literal["everyone", "children"] | None = None


class Minimum(Statement, frozen=True, kw_only=True):
    """The shortest time for which records are kept, in years."""

    years: Count


class Impact(Rule, frozen=True, kw_only=True):
    """When processing has a high risk and needs an impact assessment: it meets ``at_least`` criteria, or one ``alone``.

    ``criteria`` are those that this profile adds, by code.
    """

    at_least: Count
    alone: tuple[str, ...] = ()
    criteria: dict[str, Statement] = {}


class Adequacy(Rule, frozen=True, kw_only=True):
    """The countries (ISO 3166) to which data may go without further safeguards."""

    countries: tuple[str, ...]


class Authority(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A supervisory authority: its official name and web address."""

    name: Text
    url: str = ""


class Authorities(Rule, frozen=True, kw_only=True):
    """The supervisory authorities by country (ISO 3166)."""

    by_country: dict[str, Authority]


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The rules of a profile in one period, from its first day ``starts`` (in the file: ``from``).

    ``consent_age``: from then on people consent to online services themselves. ``full_age``: guardians' access ends.
    ``maturing_child``: what a child between these ages is informed of and may say. ``answer`` and ``extension``: time
    to answer a rights request, from its receipt, and by how much it may be extended. ``pause``: the clock may stop
    while the person is asked. ``breach_authority``: hours in which the controller notifies the authority;
    ``breach_processor``: hours in which the processor informs the controller. ``impact``: which processing needs an
    impact assessment. ``adequacy``: to which countries data may go without a transfer assessment.
    """

    starts: date = field(name="from")
    consent_age: Age | None = None
    full_age: Age | None = None
    maturing_child: Statement | None = None
    answer: Term | None = None
    extension: Term | None = None
    pause: Pause | None = None
    breach_authority: Hours | None = None
    breach_processor: Hours | None = None
    authority: Authorities | None = None
    complaint: Statement | None = None
    disagreement: Statement | None = None
    directory_information: Statement | None = None
    marketing: Marketing | None = None
    retention: tuple[Minimum, ...] = ()
    retention_policy: Statement | None = None
    localisation: Statement | None = None
    transfers: Statement | None = None
    impact: Impact | None = None
    adequacy: Adequacy | None = None


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The law of one country or of several countries: its periods, oldest first."""

    code: str = ""
    name_en: Text
    name_ur: Text
    note_en: str = ""
    note_ur: str = ""
    countries: tuple[Annotated[str, Meta(pattern="^[A-Z]{2}$")], ...]
    periods: Annotated[tuple[Rules, ...], Meta(min_length=1)] = field(name="period")

    def __post_init__(self) -> None:
        for before, after in pairwise(period.starts for period in self.periods):
            if before >= after:
                raise ValueError(f"the period from {after} overlaps the one from {before}")
        for period in self.periods:
            for rule in (period.consent_age, period.full_age, period.authority):
                if rule and self.countries and (foreign := sorted({*rule.by_country} - {*self.countries})):
                    raise ValueError(f"{', '.join(foreign)}: no country of this profile")

    def on(self, day: date) -> Rules:
        """Return the rules in force on a day; those of the first period before it, so that nothing is open."""
        first, *later = self.periods
        rules = first
        for period in later:
            if period.starts <= day:
                rules = msgspec.structs.replace(rules, **_stated(period))
        return rules


def _stated(period: Rules) -> dict[str, object]:
    stated = {name: getattr(period, name) for name in period.__struct_fields__}
    return {name: value for name, value in stated.items() if value}


class Law(Struct, frozen=True):
    """All profiles, by code."""

    profiles: Mapping[str, Profile]

    def find_profile(self, country: str) -> Profile:
        """Return the profile of a country (ISO 3166); PakTaleem's promises if it has none."""
        return next((one for one in self.profiles.values() if country in one.countries), self.profiles[POLICY])


def read_profile(file: Path) -> Profile:
    """Read one file. Raises ValueError that names the file and the place: an unknown key, no source, an overlap."""
    try:
        profile = msgspec.toml.decode(file.read_bytes(), type=Profile)
    except (msgspec.MsgspecError, UnicodeError, OSError) as error:
        raise ValueError(f"{file.name}: {error}") from error
    return msgspec.structs.replace(profile, code=file.stem)


@cache
def read_law(folder: str = "") -> Law:
    """Read the profiles of this release; a file in ``folder`` replaces the one of its name, or adds a profile.

    Raises ValueError if the folder is missing, a file is wrong, or two profiles name one country.
    """
    if folder and not Path(folder).is_dir():
        raise ValueError(f"{folder}: no such folder")
    files = {file.stem: file for place in (FOLDER, folder) if place for file in sorted(Path(place).glob("*.toml"))}
    law = Law({code: read_profile(file) for code, file in files.items()})
    named = Counter(country for profile in law.profiles.values() for country in profile.countries)
    if doubled := sorted(country for country, times in named.items() if times > 1):
        raise ValueError(f"{', '.join(doubled)}: named by more than one profile")
    return law


def list_problems(law: Law, is_country: Callable[[str], bool], today: date) -> list[str]:
    """List what is wrong in valid files: codes that are no country, and reviews after ``today`` (UTC) and tomorrow."""
    found = []
    for code, profile in law.profiles.items():
        rules = [rule for period in profile.periods for rule in list_rules(period)]
        listed = {*profile.countries} | {one for rule in rules for name in _LISTS for one in getattr(rule, name, ())}
        found += [f"{code}.toml: {one} is no country (ISO 3166)" for one in sorted(listed) if not is_country(one)]
        late = {rule.reviewed for rule in rules if rule.reviewed > today + _ZONES}
        found += [f"{code}.toml: reviewed on {day}, which is to come" for day in sorted(late)]
    return found


def list_rules(period: Rules) -> list[Rule]:
    """List the rules that a period states, with those inside a rule."""
    stated = [rule for value in _stated(period).values() for rule in (value if isinstance(value, tuple) else [value])]
    rules = [rule for rule in stated if isinstance(rule, Rule)]
    return [*rules, *(one for rule in rules if isinstance(rule, Impact) for one in rule.criteria.values())]


class ContactLaw(Struct, frozen=True):
    """The law on marketing and directory information at a client, by country of residence; ``home`` is its country.

    ``consent``: whose marketing needs consent. ``directory``: where people may object to directory information.
    """

    home: str = ""
    consent: Mapping[str, str] = {}
    directory: frozenset[str] = frozenset()

    def needs_consent(self, country: str, *, is_child: bool) -> bool:
        """Return True if marketing to a person who lives in a country (empty: ``home``) needs consent."""
        needed = {"everyone", "children"} if is_child else {"everyone"}
        return any(self.consent.get(one) in needed for one in (self.home, country))

    def has_directory(self, country: str) -> bool:
        """Return True if a person who lives in a country (empty: ``home``) may object to directory information."""
        return not self.directory.isdisjoint({self.home, country})


@lru_cache
def read_contact_law(folder: str, day: date, home: str) -> ContactLaw:
    """Return the law on marketing and directory information on a day."""
    rules = [(profile.countries, profile.on(day)) for profile in read_law(folder).profiles.values()]
    consent = {one: law.marketing.consent for places, law in rules if law.marketing for one in places}
    directory = frozenset(one for places, law in rules if law.directory_information for one in places)
    return ContactLaw(home, {country: who for country, who in consent.items() if who}, directory)


@lru_cache
def read_ages(folder: str, day: date, name: str) -> Mapping[str, int]:
    """Return the ages in years that the rule ``name`` (consent_age, full_age) sets on a day, by country."""
    rules = ((profile.countries, getattr(profile.on(day), name)) for profile in read_law(folder).profiles.values())
    return {country: age.by_country.get(country, age.years) for countries, age in rules if age for country in countries}


@lru_cache
def read_authorities(folder: str, day: date) -> Mapping[str, Authority]:
    rules = (profile.on(day).authority for profile in read_law(folder).profiles.values())
    named = {country: authority for rule in rules if rule for country, authority in rule.by_country.items()}
    return dict(sorted(named.items()))


@lru_cache
def read_criteria(folder: str = "") -> Mapping[str, Statement]:
    """Return the criteria of high risk that the profiles describe, by code."""
    rules = (period.impact for profile in read_law(folder).profiles.values() for period in profile.periods)
    return {code: criterion for rule in rules if rule for code, criterion in rule.criteria.items()}


def promised[T](value: T | None) -> T:
    """Return a value that PakTaleem promises. Raises ValueError if ``policy.toml`` lacks it."""
    if value is None:
        raise ValueError(f"{POLICY}.toml: a promise is missing")
    return value


PROMISES = read_profile(FOLDER / f"{POLICY}.toml").periods[0]
"""PakTaleem's promises, which every law profile keeps at least."""

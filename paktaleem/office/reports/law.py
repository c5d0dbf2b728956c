"""Law profiles as pages: the rules in force today with their sources, and the periods that are to come."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import get_language, gettext, gettext_lazy as _, ngettext_lazy
from django.views.decorators.http import require_safe

from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.law.profiles import (
    POLICY,
    Adequacy,
    Age,
    Authorities,
    Impact,
    Marketing,
    Pause,
    Profile,
    Rule,
    Rules,
    read_law,
)
from paktaleem.foundation.text.places import name_countries, name_country
from paktaleem.foundation.text.times import join_words
from paktaleem.foundation.web.public.pages import public_page

_LABELS = {
    "consent_age": _("Age of consent for online services"),
    "full_age": _("Age at which guardians’ access ends"),
    "maturing_child": _("What a maturing child is informed of and may say"),
    "answer": _("Time to answer a request, from its receipt"),
    "extension": _("Extension of that time"),
    "pause": _("Pauses of that time"),
    "breach_authority": _("Breaches: the controller notifies the authority"),
    "breach_processor": _("Breaches: the processor informs the controller"),
    "authority": _("Supervisory authority"),
    "complaint": _("Complaints"),
    "disagreement": _("Statement of disagreement"),
    "directory_information": _("Directory information"),
    "marketing": _("Marketing"),
    "retention": _("Records that must be kept"),
    "retention_policy": _("How long data may be kept"),
    "localisation": _("Storage in the country"),
    "transfers": _("Transfers to other countries"),
    "adequacy": _("Countries without a transfer assessment"),
    "impact": _("Impact assessments"),
}

_COUNTS = {
    "years": ngettext_lazy("%(number)d year", "%(number)d years", "number"),
    "months": ngettext_lazy("%(number)d month", "%(number)d months", "number"),
    "days": ngettext_lazy("%(number)d day", "%(number)d days", "number"),
    "countries": ngettext_lazy("%(number)d country", "%(number)d countries", "number"),
    "hours": ngettext_lazy("%(number)d hour", "%(number)d hours", "number"),
}

_MARKETING = {
    "everyone": _("Needs consent"),
    "children": _("For children needs consent; others may object"),
    None: _("People may object"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as shown; ``authorities`` are folded."""

    label: str
    authorities: list[str]
    value: str
    text: str
    source: str
    reviewed: date


@require_safe
def show_public_law(request: HttpRequest) -> HttpResponse:
    """Show every law profile to the public, the same to all readers."""
    return public_page(
        request, "privacy/law.html", title=gettext("Law by country"), same_for_all=True, profiles=_list_profiles()
    )


def show_law_profiles(request: HttpRequest, context: dict[str, object]) -> HttpResponseBase:
    """Show every law profile in the console, read only."""
    return TemplateResponse(request, "console/law.html", {**context, "profiles": _list_profiles()})


def _list_profiles() -> list[dict[str, object]]:
    today = wall_clock_now().date()
    profiles = read_law(settings.LAW_PROFILES).profiles.values()
    return [
        _describe_profile(profile, today) for profile in sorted(profiles, key=lambda profile: profile.code != POLICY)
    ]


def _describe_profile(profile: Profile, today: date) -> dict[str, object]:
    coming = (period for period in profile.periods if period.starts > today)
    rules = profile.on(today)
    return {
        "code": profile.code,
        "name": _localized(profile, "name"),
        "note": _localized(profile, "note"),
        "countries": name_countries(profile.countries),
        "lines": _list_lines(rules),
        "unset": join_words(str(label) for name, label in _LABELS.items() if not getattr(rules, name)),
        "coming": [{"starts": period.starts, "lines": _list_lines(period)} for period in coming],
    }


def _list_lines(rules: Rules) -> list[Line]:
    lines = []
    for name, label in _LABELS.items():
        stated = getattr(rules, name)
        found = stated if isinstance(stated, tuple) else (stated,) if stated is not None else ()
        lines += [
            Line(
                str(label), _list_authorities(rule), _format(rule), _localized(rule, "text"), rule.source, rule.reviewed
            )
            for rule in found
        ]
    return lines


def _localized(row: Profile | Rule, name: str) -> str:
    return str(getattr(row, f"{name}_{'ur' if get_language() == 'ur' else 'en'}"))


def _list_authorities(rule: Rule) -> list[str]:
    named = rule.by_country.items() if isinstance(rule, Authorities) else ()
    return sorted(f"{name_country(country)}: {authority.name}" for country, authority in named)


def _format(rule: Rule) -> str:
    match rule:
        case Age():
            return _format_age(rule)
        case Pause() | Marketing():
            return _format_choice(rule)
        case Adequacy():
            return name_countries(rule.countries)
        case Impact():
            return " ".join(_localized(criterion, "text") for criterion in rule.criteria.values())
        case Authorities():
            return _count("countries", len(rule.by_country)) if len(rule.by_country) > 1 else ""
    counts = ((unit, getattr(rule, unit, None)) for unit in _COUNTS)
    return next((_count(unit, number) for unit, number in counts if number), "")


def _format_choice(rule: Pause | Marketing) -> str:
    if isinstance(rule, Marketing):
        return str(_MARKETING[rule.consent])
    return gettext("Allowed") if rule.allowed else gettext("Not allowed")


def _format_age(rule: Age) -> str:
    others = {
        years: name_countries([country for country, age in rule.by_country.items() if age == years])
        for years in sorted(set(rule.by_country.values()))
    }
    return "; ".join([_count("years", rule.years), *(f"{names}: {years}" for years, names in others.items())])


def _count(unit: str, number: int) -> str:
    return str(_COUNTS[unit] % {"number": number})

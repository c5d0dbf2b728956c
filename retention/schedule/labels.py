"""Words for periods, rules and due dates, in the language of the page."""

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, ngettext

from consent.register.models.purposes import ROLES
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.text.times import isolate
from paktaleem.foundation.upkeep.periods.kinds import describe_length
from paktaleem.foundation.upkeep.periods.services import describe_period as describe_own_period, list_published_periods
from retention.schedule.models import Disposal, RetentionRule
from retention.schedule.resolution import Period, parse_period
from retention.schedule.selectors import DueLine, DueState, HoldingDue, ScheduleLine, list_schedule


def describe_period(period: Period | str) -> str:
    """Return a period in words, such as 1 year 6 months."""
    found = parse_period(period) if isinstance(period, str) else period
    parts = (
        (found.years, ngettext("{number} year", "{number} years", found.years)),
        (found.months, ngettext("{number} month", "{number} months", found.months)),
        (found.weeks, ngettext("{number} week", "{number} weeks", found.weeks)),
        (found.days, ngettext("{number} day", "{number} days", found.days)),
    )
    return " ".join(words.format(number=number) for number, words in parts if number)


def describe_action(rule: RetentionRule) -> str:
    action = Disposal(rule.action).label
    return f"{action}: {rule.get_method_display()}" if rule.method else str(action)


def describe_trigger(rule: RetentionRule) -> str:
    label = str(rule.get_trigger_display())
    return f"{label}: {isolate(str(rule.fixed_on))}" if rule.fixed_on else label


def last_day(due_at: datetime, zone: str) -> str:
    """Return the last calendar day, in the client's zone, on which data is kept."""
    return f"{due_at.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1):%Y-%m-%d}"


def describe_due(one: HoldingDue, *, at: datetime, zone: str) -> str:
    """Return until when data is kept, in a few words."""
    state = one.state(at)
    undated = {
        DueState.HELD: gettext("On hold: not before it is lifted"),
        DueState.RESTRICTED: gettext("Restricted: kept until it is lifted"),
        DueState.NO_RULE: gettext("No rule: not disposed of"),
    }
    if one.due_at is None or state in undated:
        return undated.get(state, gettext("Not counted yet"))
    day = isolate(last_day(one.due_at, zone))
    if state is DueState.IN_USE:
        return gettext("In use after {day}: not disposed of").format(day=day)
    if state is DueState.DUE:
        return gettext("Due since {day}").format(day=day)
    return gettext("Until {day}").format(day=day)


def describe_why(one: HoldingDue, *, zone: str) -> list[str]:
    """Return why data is kept until then: the holds, then the decisive rule with its trigger."""
    words = gettext("{kind}, to be reviewed on {day}")
    holds = [words.format(kind=hold.get_kind_display(), day=isolate(hold.review_on.isoformat())) for hold in one.holds]
    return [*holds, _describe_line(one.decisive, zone)]


def _describe_line(line: DueLine, zone: str) -> str:
    if line.rule is None and line.purpose:
        return gettext("No retention rule for the purpose {purpose}").format(purpose=line.purpose)
    if line.rule is None:
        return gettext("Collected for no purpose of the register")
    purpose = line.rule.purpose
    values = {
        "purpose": purpose.name_ur if get_language() == "ur" else purpose.name_en,
        "trigger": describe_trigger(line.rule),
        "period": describe_period(line.rule.period),
    }
    if line.triggered_at is None:
        return gettext("{purpose}: {period} after “{trigger}”, which has not happened yet").format(**values)
    day = isolate(f"{line.triggered_at.astimezone(ZoneInfo(zone)):%Y-%m-%d}")
    return gettext("{purpose}: {period} after “{trigger}” on {day}").format(day=day, **values)


def list_portal_lines() -> list[dict[str, str]]:
    """List the kinds of the portal's own data in words: what, counted from, how long, and what happens then."""
    return [
        {
            "category": str(line.kind.name),
            "trigger": str(line.kind.counted_from),
            "period": describe_own_period(line),
            "action": str(line.kind.disposal.label),
            "minimum": describe_length(bounds.minimum, bounds.unit) if (bounds := line.kind.bounds) else "",
            "maximum": describe_length(bounds.maximum, bounds.unit) if bounds else "",
        }
        for line in list_published_periods()
    ]


def schedule_section(client: Client, at: datetime, language: str) -> dict[str, object]:
    """Return how long a client's data is kept, gaps too, and the portal's own data; see ``public_sections``."""
    groups: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    for line in list_schedule(client.pk, at=at, language=language):
        groups[line.category_name].append({**describe_line(line, language), "has_rule": not line.is_gap})
    return {"template": "privacy/schedule.html", "groups": sorted(groups.items()), "portal": list_portal_lines()}


def describe_line(line: ScheduleLine, language: str) -> dict[str, str]:
    """Return a line of the schedule in words; what a rule says is empty for a gap."""
    rule, urdu = line.rule, language == "ur"
    roles = ", ".join(str(dict(ROLES)[role]) for role in line.roles)  # none: every role
    shown = {"purpose": line.purpose.name_ur if urdu else line.purpose.name_en, "roles": roles}
    if rule is None:
        return {**shown, **dict.fromkeys(("period", "trigger", "action", "ground"), "")}
    return {
        **shown,
        "period": describe_period(rule.period),
        "trigger": describe_trigger(rule),
        "action": describe_action(rule),
        "ground": rule.ground_ur if urdu else rule.ground_en,
    }

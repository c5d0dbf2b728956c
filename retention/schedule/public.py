"""The published retention schedule on a client's public privacy page."""

from datetime import datetime
from typing import Any

from paktaleem.foundation.accounts.models import Client
from retention.schedule.labels import (
    describe_action,
    describe_period,
    describe_roles,
    describe_trigger,
    list_portal_lines,
)
from retention.schedule.selectors import ScheduleLine, list_schedule


def schedule_section(client: Client, at: datetime, language: str) -> dict[str, object]:
    """Return how long data is kept at a client, by category; connected to ``public_sections``.

    A category that has no rule for a purpose is named, too: the page hides no gap. The portal's own data follows.
    """
    lines = list_schedule(client.pk, at=at, language=language)
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(line.category_name, []).append(_serialize(line, language))
    return {"template": "privacy/schedule.html", "groups": sorted(groups.items()), "portal": list_portal_lines()}


def _serialize(line: ScheduleLine, language: str) -> dict[str, object]:
    rule, urdu = line.rule, language == "ur"
    shown: dict[str, Any] = {
        "purpose": line.purpose.name_ur if urdu else line.purpose.name_en,
        "roles": describe_roles(line.roles),
        "has_rule": rule is not None,
    }
    if rule is None:
        return shown
    return {
        **shown,
        "period": describe_period(rule.period),
        "trigger": describe_trigger(rule),
        "action": describe_action(rule),
        "ground": rule.ground_ur if urdu else rule.ground_en,
    }

"""Selectors of the retention schedule: rules, gaps, holds, due dates and the effect of a change."""

from retention.schedule.selectors.due import HoldingDue, list_due_of_person
from retention.schedule.selectors.effects import RuleEffect, preview_end, preview_rule
from retention.schedule.selectors.gaps import Gap, list_gaps, list_owners_with_gaps
from retention.schedule.selectors.holds import find_holds, list_holds, list_lifts
from retention.schedule.selectors.schedule import ScheduleLine, list_rules, list_schedule

__all__ = [
    "Gap",
    "HoldingDue",
    "RuleEffect",
    "ScheduleLine",
    "find_holds",
    "list_due_of_person",
    "list_gaps",
    "list_holds",
    "list_lifts",
    "list_owners_with_gaps",
    "list_rules",
    "list_schedule",
    "preview_end",
    "preview_rule",
]

"""The portal's own data in the published schedule: the periods of the table in ``foundation/periods``."""

from paktaleem.foundation.upkeep.periods.labels import describe_length, describe_period
from paktaleem.foundation.upkeep.periods.selectors import KindLine, list_published_periods


def list_portal_lines() -> list[dict[str, str]]:
    """List the kinds of the portal's own data in words: what, counted from, how long, and what happens then."""
    return [_serialize(line) for line in list_published_periods()]


def _serialize(line: KindLine) -> dict[str, str]:
    bounds = line.kind.bounds
    return {
        "category": str(line.kind.name),
        "trigger": str(line.kind.counted_from),
        "period": describe_period(line),
        "action": str(line.kind.disposal.label),
        "minimum": describe_length(bounds.minimum, bounds.unit) if bounds else "",
        "maximum": describe_length(bounds.maximum, bounds.unit) if bounds else "",
    }

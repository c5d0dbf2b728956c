"""Words for periods of the portal's own data, in the language of the page."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from paktaleem.foundation.upkeep.periods.kinds import Bounds, Unit
from paktaleem.foundation.upkeep.periods.selectors import KindLine


def describe_length(number: int, unit: Unit) -> str:
    """Return a number of hours or days in words."""
    if unit is Unit.HOURS:
        return ngettext("{number} hour", "{number} hours", number).format(number=f"{number:,}")
    return ngettext("{number} day", "{number} days", number).format(number=f"{number:,}")


def describe_period(line: KindLine) -> str:
    """Return a kind's period in force in words; empty if it has none of its own."""
    if line.kind.bounds is None or line.length is None:
        return ""
    return describe_length(line.length, line.kind.bounds.unit)


def describe_bounds(bounds: Bounds | None) -> str:
    """Return the minimum and maximum of a period in words; empty if there is none."""
    if bounds is None:
        return ""
    words = _("{minimum} to {maximum}")
    return words.format(minimum=f"{bounds.minimum:,}", maximum=describe_length(bounds.maximum, bounds.unit))

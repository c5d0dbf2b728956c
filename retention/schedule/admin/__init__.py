"""Console pages of the retention schedule."""

from retention.schedule.admin import dashboard as board
from retention.schedule.admin import holds, person, rules

__all__ = ["board", "holds", "person", "rules"]

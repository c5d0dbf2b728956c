"""Console pages of the retention schedule."""

from retention.schedule.admin import holds, rules

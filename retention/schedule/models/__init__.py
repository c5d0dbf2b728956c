"""Models of retention rules and holds."""

from retention.schedule.models import holds, rules

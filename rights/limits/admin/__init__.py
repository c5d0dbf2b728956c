"""The end of restrictions and objections in the console."""

from rights.limits.admin import dashboard, limits

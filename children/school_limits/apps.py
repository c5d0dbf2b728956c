"""App of the schools of each person."""

from paktaleem.foundation.operations.extensions import config


class SchoolLimitsConfig(config.PortalAppConfig):
    """Functions and triggers of the database that keep the schools of each person; it has no tables."""

    name = "children.school_limits"
    label = "school_limits"
    verbose_name = "schools of people"

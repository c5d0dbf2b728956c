"""Django app of the ends of school years."""

from paktaleem.foundation.operations import extensions


class SchoolYearsConfig(extensions.PortalAppConfig):
    name = "paktaleem.office.school_years"
    verbose_name = "ends of school years"

"""Django app of the ends of school years."""

from paktaleem.foundation.operations import extensions


class SchoolYearsConfig(extensions.PortalAppConfig):
    """Ends of school years: the classes of a school move up, and pupils leave."""

    name = "paktaleem.office.school_years"
    verbose_name = "ends of school years"

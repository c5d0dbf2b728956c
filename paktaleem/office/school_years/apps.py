"""Django app of the ends of school years."""

from paktaleem.foundation.operations.extensions import config


class SchoolYearsConfig(config.PortalAppConfig):
    """Ends of school years, and pupils who move to another client."""

    name = "paktaleem.office.school_years"
    label = "school_years"
    verbose_name = "ends of school years"
    handlers = (
        (
            "paktaleem.directory.people.extension_points.before_erasure",
            "paktaleem.office.school_years.services.forget_person",
        ),
    )

"""Django app of schools, terms, classes and enrolments."""

from paktaleem.foundation.operations.extensions import config


class SchoolsConfig(config.PortalAppConfig):
    """Schools and classes of a client, and who was in which class when."""

    name = "paktaleem.directory.schools"
    label = "schools"
    handlers = (
        ("paktaleem.foundation.console.site.school_names", "paktaleem.directory.schools.selectors.list_school_names"),
        (
            "paktaleem.directory.people.extension_points.before_erasure",
            "paktaleem.directory.schools.services.moving.delete_enrolments",
        ),
    )

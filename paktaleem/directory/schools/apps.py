"""Django app of schools, terms, classes, enrolments, and rosters."""

from paktaleem.foundation.operations import extensions


class SchoolsConfig(extensions.PortalAppConfig):
    """Schools and classes of a client, who was in which class when, and imports of rosters."""

    name = "paktaleem.directory.schools"
    parts = ("rosters",)
    handlers = (
        ("paktaleem.foundation.console.site.school_names", "paktaleem.directory.schools.selectors.list_school_names"),
        (
            "paktaleem.directory.people.extension_points.before_erasure",
            "paktaleem.directory.schools.services.moving.delete_enrolments",
        ),
        ("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.directory.schools.rosters.admin.ROSTERS"),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.schools.rosters.importing.uploads.ROSTER_FILES",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.schools.models.ROSTER_KEYS",
        ),
    )

"""Django app of schools, terms, classes, enrolments, and rosters."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class SchoolsConfig(PortalAppConfig):
    """Schools and classes of a client, who was in which class when, and imports of rosters."""

    name = "paktaleem.directory.schools"
    parts = ("rosters",)
    handlers = (
        ("paktaleem.foundation.console.site.school_names", "paktaleem.directory.schools.selectors.list_school_names"),
        (
            "paktaleem.directory.people.extension_points.before_erasure",
            "paktaleem.directory.schools.services.recording.delete_enrolments",
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
    families = "schools: Schools and classes"
    facts = """
        counts: numbers, everybody: the file lists all people, joined: classes joined, left: classes left,
        sha256: SHA-256
    """
    ledger = (
        entry("roster.checked roster.discarded roster.imported roster.refused"),
        entry("schools.recorded", "Schools, classes or enrolments recorded"),
        entry("subject.moved", "Pupil moved to other classes"),
    )

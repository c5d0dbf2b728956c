"""Django app of schools, terms, classes, enrolments, and rosters."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class SchoolsConfig(PortalAppConfig):
    name = "paktaleem.directory.schools"
    parts = ("rosters",)
    handlers = (
        ("paktaleem.foundation.console.site.school_names", ".selectors.list_school_names"),
        ("paktaleem.directory.people.extension_points.before_erasure", ".services.recording.delete_enrolments"),
        ("paktaleem.foundation.console.long_acts.long_acts", ".rosters.admin.ROSTERS"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".rosters.importing.uploads.ROSTER_FILES"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".models.ROSTER_KEYS"),
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

"""Django app of the ends of school years."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class SchoolYearsConfig(PortalAppConfig):
    name = "paktaleem.office.school_years"
    verbose_name = "ends of school years"
    families = "year_end: Ends of school years"
    facts = "consents: consents that ended, let_go: people who left"
    ledger = (entry("year_end.done", "School year ended"),)

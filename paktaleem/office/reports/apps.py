"""Django app of reports about a client: trends, samples for audits and the weekly digest."""

from paktaleem.foundation.operations.extensions import config


class ReportsConfig(config.PortalAppConfig):
    """Counts of each week, random samples for audits, and the weekly digest of each client."""

    name = "paktaleem.office.reports"
    label = "reports"
    verbose_name = "reports"

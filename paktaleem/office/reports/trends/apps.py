"""Django app of trends."""

from paktaleem.foundation.operations.extensions import config


class TrendsConfig(config.PortalAppConfig):
    """Counts of each week: consents, answers in time, decisions by reason, holdings by age."""

    name = "paktaleem.office.reports.trends"
    label = "trends"
    verbose_name = "trends"

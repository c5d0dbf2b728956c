"""Django app of samples for audits."""

from paktaleem.foundation.operations.extensions import config


class SamplesConfig(config.PortalAppConfig):
    """Random samples of decisions, consents and cases, without people, with the total of the population."""

    name = "paktaleem.office.reports.samples"
    label = "samples"
    verbose_name = "samples"

"""Django app of the packs for regulators."""

from paktaleem.foundation.operations.extensions import config


class RegulatorConfig(config.PortalAppConfig):
    """Packs for a regulator: one client and period, as PDF and ZIP."""

    name = "paktaleem.office.reports.regulator"
    label = "regulator"
    verbose_name = "packs for regulators"
    handlers = (("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.office.reports.regulator.work.PACKS"),)

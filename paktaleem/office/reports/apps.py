"""Django app of reports: counts of each week, samples for audits, digests, packs for regulators."""

from paktaleem.foundation.operations import extensions


class ReportsConfig(extensions.PortalAppConfig):
    name = "paktaleem.office.reports"
    handlers = (("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.office.reports.regulator.admin.PACKS"),)

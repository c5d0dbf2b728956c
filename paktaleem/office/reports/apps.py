"""Django app of reports: counts of each week, samples for audits, digests, packs for regulators."""

from paktaleem.foundation.operations import extensions


class ReportsConfig(extensions.PortalAppConfig):
    """Reports about a client, and packs for a regulator."""

    name = "paktaleem.office.reports"
    handlers = (("paktaleem.foundation.console.long_acts.long_acts", "paktaleem.office.reports.regulator.admin.PACKS"),)

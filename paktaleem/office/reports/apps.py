"""Django app of reports: weekly counts, findings about the use of data, samples, digests, packs for regulators."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class ReportsConfig(PortalAppConfig):
    name = "paktaleem.office.reports"
    handlers = (("paktaleem.foundation.console.long_acts.long_acts", ".regulator.admin.PACKS"),)
    families = (
        "digest: Weekly digests, regulator_pack: Packs for regulators, sample: Samples for audits, use: Use of data"
    )
    facts = "monday: week from Monday, population: size of the population"
    ledger = (
        entry("digest.sent", "Weekly digest sent"),
        entry("regulator_pack.built", "Pack for a regulator gathered"),
        entry("regulator_pack.failed", "Pack for a regulator could not be gathered"),
        entry("regulator_pack.requested", "Pack for a regulator requested"),
        entry("regulator_pack.taken", "Pack for a regulator downloaded"),
        entry("sample.drawn", "Sample drawn for an audit"),
        entry("use.decided", "Finding about the use of data decided"),
        entry("use.found", "Data used without a question, or unusually"),
    )

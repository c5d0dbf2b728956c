"""Django app of the periods of the portal's own data."""

from paktaleem.foundation.operations.extensions import config

_CHECKS = "paktaleem.foundation.operations.diagnosis.lines.doctor_checks"


class PeriodsConfig(config.PortalAppConfig):
    """The registry of kinds of data, their periods, and the runs of the tasks that dispose of them."""

    name = "paktaleem.foundation.upkeep.periods"
    label = "periods"
    verbose_name = "periods of the portal’s own data"
    handlers = (
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.foundation.upkeep.periods.purging.JOBS_DONE",
        ),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.foundation.upkeep.periods.purging.JOBS_FAILED",
        ),
        (_CHECKS, "paktaleem.foundation.upkeep.periods.diagnosis.check_disposals"),
    )

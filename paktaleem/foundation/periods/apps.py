"""Django app of the periods of the portal's own data."""

from paktaleem.foundation.extensions import config

_CHECKS = "paktaleem.foundation.diagnosis.lines.doctor_checks"


class PeriodsConfig(config.PortalAppConfig):
    """The registry of kinds of data, their periods, and the runs of the tasks that dispose of them."""

    name = "paktaleem.foundation.periods"
    label = "periods"
    verbose_name = "periods of the portal’s own data"
    handlers = (
        ("paktaleem.foundation.periods.kinds.data_kinds", "paktaleem.foundation.periods.own_kinds.list_kinds"),
        (
            _CHECKS,
            "paktaleem.foundation.periods.diagnosis.check_disposals",
        ),
    )

"""Django app of security events."""

from paktaleem.foundation.operations.extensions import config


class SecurityEventsConfig(config.PortalAppConfig):
    """Security events, collected from requests, the ledger and the access log."""

    name = "paktaleem.directory.security.security_events"
    label = "security_events"
    verbose_name = "security events"
    handlers = (
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.security.security_events.models.EVENTS",
        ),
        (
            "paktaleem.foundation.operations.metrics.gauges.gauges",
            "paktaleem.directory.security.security_events.gauges.read_events",
        ),
    )

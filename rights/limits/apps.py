"""Django app of the end of restrictions and objections."""

from paktaleem.foundation.operations.extensions import config


class LimitsConfig(config.PortalAppConfig):
    """The notice before a restriction is lifted, and the overruling of an objection by two officers."""

    name = "rights.limits"
    label = "limits"
    verbose_name = "end of restrictions and objections"
    handlers = (
        (
            "consent.consents.services.restrictions.checks_before_lift",
            "rights.limits.services.require_notice",
        ),
    )

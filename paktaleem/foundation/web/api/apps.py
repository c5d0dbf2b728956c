"""App configuration of the API: key authentication, problem details, strict JSON."""

from paktaleem.foundation.operations.extensions import config


class ApiConfig(config.PortalAppConfig):
    """Common parts of the API; each app has its own views."""

    name = "paktaleem.foundation.web.api"
    label = "api"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "paktaleem.foundation.web.api.models.STORED_ANSWERS"),
    )

"""App configuration of the API: key authentication, problem details, strict JSON."""

from paktaleem.foundation.extensions import config


class ApiConfig(config.PortalAppConfig):
    """Common parts of the API; each app has its own views."""

    name = "paktaleem.foundation.api"
    label = "api"
    handlers = (("paktaleem.foundation.periods.kinds.data_kinds", "paktaleem.foundation.api.data_kinds.list_kinds"),)

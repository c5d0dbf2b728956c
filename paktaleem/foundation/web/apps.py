"""Django app of the API toolkit and the public pages."""

from paktaleem.foundation.operations.extensions import PortalAppConfig


class WebConfig(PortalAppConfig):
    name = "paktaleem.foundation.web"
    parts = ("api", "public")
    handlers = (("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".api.models.STORED_ANSWERS"),)

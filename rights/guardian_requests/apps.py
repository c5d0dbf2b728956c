"""Django app of guardians' requests."""

from paktaleem.foundation.operations.extensions import config


class GuardianRequestsConfig(config.PortalAppConfig):
    """Rights requests that guardians make about a child, and the form for concerns about a child's data."""

    name = "rights.guardian_requests"
    label = "guardian_requests"
    verbose_name = "requests of guardians"

"""Django app of the weekly digest."""

from paktaleem.foundation.operations.extensions import config


class DigestsConfig(config.PortalAppConfig):
    """The weekly digest of each client: a page of the console, and an email to its administrators."""

    name = "paktaleem.office.digests"
    label = "digests"
    verbose_name = "weekly digest"

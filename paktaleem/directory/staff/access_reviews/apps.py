"""Django app of reviews of access."""

from paktaleem.foundation.operations.extensions import config


class AccessReviewsConfig(config.PortalAppConfig):
    """Each quarter, administrators confirm who has access; what no one confirms is locked."""

    name = "paktaleem.directory.staff.access_reviews"
    label = "access_reviews"
    verbose_name = "reviews of access"

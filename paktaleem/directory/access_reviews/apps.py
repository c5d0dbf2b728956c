"""Django app of reviews of access."""

from paktaleem.foundation.extensions import config


class AccessReviewsConfig(config.PortalAppConfig):
    """Each quarter, administrators confirm who has access; what no one confirms is locked."""

    name = "paktaleem.directory.access_reviews"
    label = "access_reviews"
    verbose_name = "reviews of access"

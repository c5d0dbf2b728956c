"""App of children who reach the age of consent."""

from paktaleem.foundation.operations import extensions


class AgeingConfig(extensions.PortalAppConfig):
    """The calendar of children who reach the age of consent, and the notices sent in advance."""

    name = "children.ageing"
    verbose_name = "age of consent"

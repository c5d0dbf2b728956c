"""App of children who reach the age of consent."""

from paktaleem.foundation.operations import extensions


class AgeingConfig(extensions.PortalAppConfig):
    name = "children.ageing"
    verbose_name = "age of consent"

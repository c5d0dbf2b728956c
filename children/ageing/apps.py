"""App of children who reach the age of consent."""

from django.apps import AppConfig


class AgeingConfig(AppConfig):
    """The calendar of children who reach the age of consent, and the notices sent in advance."""

    name = "children.ageing"
    label = "ageing"
    verbose_name = "age of consent"

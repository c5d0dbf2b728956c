"""Children who come of age."""

from django.apps import AppConfig


class AgeingConfig(AppConfig):
    """The calendar of children who come of age, and the notices given in advance."""

    name = "children.ageing"
    label = "ageing"
    verbose_name = "coming of age"

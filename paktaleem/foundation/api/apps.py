"""The machines' face: key authentication, problem details, strict JSON."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The API's common ground; each room brings its own views."""

    name = "paktaleem.foundation.api"
    label = "api"

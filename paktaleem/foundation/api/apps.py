"""App configuration of the API: key authentication, problem details, strict JSON."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Common parts of the API; each app has its own views."""

    name = "paktaleem.foundation.api"
    label = "api"

"""Signing in."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Sign-in with django-allauth and django-axes, fitted to the wall."""

    name = "paktaleem.signin"
    label = "signin"

    def ready(self) -> None:
        """Note who signs in and out."""
        from paktaleem.signin import receivers  # noqa: PLC0415 -- needs the app registry

        receivers.connect()

"""Signing in."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Sign-in with django-allauth and django-axes, fitted to the wall."""

    name = "paktaleem.directory.sign_in"
    label = "signin"

    def ready(self) -> None:
        """Note who signs in and out."""
        from paktaleem.directory.sign_in import receivers  # noqa: PLC0415 -- needs the app registry

        receivers.connect()

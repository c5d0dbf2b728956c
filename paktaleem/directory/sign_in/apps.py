"""App configuration of the sign-in."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Sign-in with django-allauth and django-axes."""

    name = "paktaleem.directory.sign_in"
    label = "signin"

    def ready(self) -> None:
        """Connect the receivers that record sign-ins and sign-outs."""
        from paktaleem.directory.sign_in import receivers  # noqa: PLC0415 -- needs the app registry

        receivers.connect()

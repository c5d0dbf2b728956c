"""App configuration of clients, users, memberships, API keys, roles and capabilities."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts app."""

    name = "paktaleem.foundation.accounts"

    def ready(self) -> None:
        from paktaleem.foundation.accounts import sessions as sessionlife  # noqa: PLC0415 -- needs the app registry

        sessionlife.connect()

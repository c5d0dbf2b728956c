"""Who asks: clients, users, memberships, API keys; roles and capabilities."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "paktaleem.foundation.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Begin every session with its moment."""
        from paktaleem.foundation.accounts import sessionlife  # noqa: PLC0415 -- needs the app registry

        sessionlife.connect()

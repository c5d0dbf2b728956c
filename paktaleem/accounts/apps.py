"""Who asks: clients, users, memberships, API keys; roles and capabilities."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "paktaleem.accounts"
    label = "accounts"

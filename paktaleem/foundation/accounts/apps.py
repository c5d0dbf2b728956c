"""App configuration of clients, users, memberships, API keys, roles and capabilities."""

from paktaleem.foundation.operations import extensions


class AccountsConfig(extensions.PortalAppConfig):
    """Accounts app."""

    name = "paktaleem.foundation.accounts"
    handlers = (
        (
            "paktaleem.foundation.accounts.changes.change_kinds",
            "paktaleem.foundation.accounts.client_services.PROTECTION",
        ),
    )

    def ready(self) -> None:
        from paktaleem.foundation.accounts import sessions as sessionlife  # noqa: PLC0415 -- needs the app registry

        super().ready()
        sessionlife.connect()

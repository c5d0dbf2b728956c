"""App configuration of clients, users, memberships, API keys, roles and capabilities."""

from paktaleem.foundation.operations import extensions


class AccountsConfig(extensions.PortalAppConfig):
    name = "paktaleem.foundation.accounts"
    handlers = (
        (
            "paktaleem.foundation.accounts.changes.change_kinds",
            "paktaleem.foundation.accounts.client_services.PROTECTION",
        ),
    )

    def ready(self) -> None:
        import paktaleem.foundation.accounts.sessions  # noqa: F401, PLC0415 -- a receiver; needs the app registry

        super().ready()

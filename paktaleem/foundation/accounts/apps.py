"""App configuration of clients, users, memberships, API keys, roles and capabilities."""

from django.conf import settings
from django.core import checks

from paktaleem.foundation.law.profiles import read_law
from paktaleem.foundation.operations import extensions


def check_law(app_configs: object = None, **_: object) -> list[checks.CheckMessage]:
    """Report a law profile that is wrong: an unknown key, a value without source, periods that overlap."""
    del app_configs
    try:
        read_law(settings.LAW_PROFILES)
    except ValueError as error:
        return [checks.Error(f"Law profile: {error}", hint="See docs/operator.md, LAW_PROFILES.", id="law.E001")]
    return []


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
        checks.register(check_law)

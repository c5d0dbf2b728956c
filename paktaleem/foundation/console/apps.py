"""App configuration of the console, Django's admin for staff with scopes, history and a theme."""

from django.apps import apps

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class ConsoleConfig(PortalAppConfig):
    name = "paktaleem.foundation.console"
    families = "list: List exports"
    ledger = (entry("list.exported", severity="medium"),)

    def ready(self) -> None:
        super().ready()
        for app in apps.get_app_configs():
            if isinstance(app, PortalAppConfig):
                app.modules("admin")

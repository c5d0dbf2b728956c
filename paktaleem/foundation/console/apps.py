"""App configuration of the console, Django's admin for staff with scopes, history and a theme."""

from django.apps import AppConfig, apps

from paktaleem.foundation.operations import extensions


class ConsoleConfig(AppConfig):
    name = "paktaleem.foundation.console"

    def ready(self) -> None:
        for app in apps.get_app_configs():
            if isinstance(app, extensions.PortalAppConfig):
                app.modules("admin")

"""App configuration of tenant isolation."""

from django.apps import AppConfig
from django.core import checks
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TenancyConfig(AppConfig):
    name = "paktaleem.foundation.tenancy"

    def ready(self) -> None:
        from paktaleem.foundation.tenancy.checks import check_declarations  # noqa: PLC0415 -- needs the app registry
        from paktaleem.foundation.tenancy.operations import apply_grants_after_migrate  # noqa: PLC0415

        connection_created.connect(_install_guard, dispatch_uid="tenancy.guard")
        post_migrate.connect(apply_grants_after_migrate, sender=self, dispatch_uid="tenancy.grants")
        checks.register(check_declarations, checks.Tags.models)


def _install_guard(connection: BaseDatabaseWrapper, **_: object) -> None:
    from paktaleem.foundation.tenancy.context import guard  # noqa: PLC0415 -- only called once apps are ready

    if connection.alias != "owner" and guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(guard)

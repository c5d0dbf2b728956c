"""Database routers: migrations run on the ``owner`` alias, everything else on the app role."""

from django.conf import settings
from django.db import connections
from django.db.models import Model


class OwnerOnlyMigrationRouter:
    """Allow schema changes on the ``owner`` alias only; no query is routed to it."""

    def allow_migrate(self, db: str, app_label: str, **_: object) -> bool:
        del app_label  # without an owner (servers): Django's checks would open a connection where a table may migrate
        return db == "owner" and connections[db].settings_dict["NAME"] != settings.NOT_CONFIGURED


class AutonomousRouter:
    """Route failed sign-in counts to a separate connection, which commits even if the request rolls back."""

    def db_for_read(self, model: type[Model], **_: object) -> str | None:
        return settings.ASIDE_DATABASE if model._meta.app_label == "axes" else None

    db_for_write = db_for_read

"""Database routers: migrations run on the ``owner`` alias, everything else on the app role."""

from django.conf import settings
from django.db import connections
from django.db.models import Model


class OwnerOnlyMigrationRouter:
    """Allow schema changes on the ``owner`` alias only; no query is routed to it."""

    def allow_migrate(self, db: str, app_label: str, **_: object) -> bool:
        """Return True for the owner alias, if an owner is configured.

        A server or worker has no owner: Django's checks would open a connection wherever a table may be
        migrated.
        """
        del app_label
        return db == "owner" and connections[db].settings_dict["NAME"] != settings.NOT_CONFIGURED


class AutonomousRouter:
    """Route failed sign-in counts to a separate connection, which commits even if the request rolls back."""

    def db_for_read(self, model: type[Model], **_: object) -> str | None:
        """Return the alias of the autonomous connection for django-axes, else None."""
        return settings.ASIDE_DATABASE if model._meta.app_label == "axes" else None

    db_for_write = db_for_read

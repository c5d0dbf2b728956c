"""Which database role does what: migrations run as owner, everything else as app."""

from typing import Any

from django.conf import settings
from django.db import connections


class OwnerMigrates:
    """Only the ``owner`` alias may change the schema; no query is ever routed to it."""

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        """Allow schema changes for the owner alone, and nobody where no owner is configured.

        A server or worker has none: Django's checks would open a connection wherever a table may be migrated.
        """
        del app_label
        return db == "owner" and connections[db].settings_dict["NAME"] != settings.NOT_CONFIGURED


class Aside:
    """Failed sign-ins are counted on a connection of their own, which commits whatever becomes of the request."""

    def db_for_read(self, model: Any, **_: Any) -> str | None:
        """Read where they are written."""
        return settings.ASIDE_DATABASE if model._meta.app_label == "axes" else None

    db_for_write = db_for_read

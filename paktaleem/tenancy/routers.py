"""Which database role does what: migrations run as owner, everything else as app."""

from typing import Any


class OwnerMigrates:
    """Only the ``owner`` alias may change the schema; no query is ever routed to it."""

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
        """Allow schema changes for the owner alone."""
        del app_label
        return db == "owner"

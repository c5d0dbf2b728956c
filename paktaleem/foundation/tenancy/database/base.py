"""The connection class of the engine; Django loads it by this module's name."""

from functools import partial
from typing import Any

from django.db.backends.postgresql import base

from paktaleem.foundation.tenancy.database import waiting


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose statements fail within about two seconds of a hang, in a process that limits its waiting."""

    is_deciding = False
    """True during a statement of a decision, which is never slow: it fails although the server answers others."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect. Raises OperationalError at once if the database hung within the last second."""
        if not waiting.is_limited():
            return super().get_new_connection(conn_params)
        with waiting.connecting():
            connection: Any = super().get_new_connection({**conn_params, "connect_timeout": waiting.CONNECT_SECONDS})
        connection.wait = partial(waiting.wait, self, connection, connection.wait)
        return connection

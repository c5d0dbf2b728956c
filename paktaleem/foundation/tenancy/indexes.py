"""Index pairs for paginated lists: one within a client, one across all clients."""

from django.db import models

__all__ = ["newest_first", "oldest_first"]


def newest_first(
    moment: str, name: str, *, by: str | None = None, client: str = "client", condition: models.Q | None = None
) -> tuple[models.Index, models.Index]:
    """Return two indexes, newest rows first: within one client and across all (``…_all``), optionally by ``by``.

    The app role's policy filters by client, the officer role's does not, so each needs its own index. A
    ``condition`` must not depend on a query parameter: the generic plan of a prepared statement would not use the
    index.
    """
    return _index_pair([*([by] if by else []), f"-{moment}", "-id"], name, client, condition)


def oldest_first(
    moment: str, name: str, *, by: str | None = None, client: str = "client", condition: models.Q | None = None
) -> tuple[models.Index, models.Index]:
    """Return two indexes, oldest rows first: within one client and across all; see ``newest_first``."""
    return _index_pair([*([by] if by else []), moment, "id"], name, client, condition)


def _index_pair(
    order: list[str], name: str, client: str, condition: models.Q | None
) -> tuple[models.Index, models.Index]:
    return (
        models.Index(fields=[client, *order], name=name, condition=condition),
        models.Index(fields=order, name=f"{name}_all", condition=condition),
    )

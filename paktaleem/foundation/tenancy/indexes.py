"""The indexes that serve a list of any length to both roles: one client's rows, and every client's."""

from django.db import models

__all__ = ["longest_first", "newest_first"]


def newest_first(
    moment: str, name: str, *, by: str | None = None, client: str = "client", condition: models.Q | None = None
) -> tuple[models.Index, models.Index]:
    """Index rows newest first, within one client and across all (``…_all``), narrowed to one value of ``by``.

    A client's rows are found by the client that its policy compares, an officer's policy compares none: so neither
    index serves the other. A ``condition`` may not depend on a value that is sent as a parameter: a prepared
    statement's general plan would not use the index.
    """
    return _for_both([*([by] if by else []), f"-{moment}", "-id"], name, client, condition)


def longest_first(
    moment: str, name: str, *, client: str = "client", condition: models.Q | None = None
) -> tuple[models.Index, models.Index]:
    """Index rows by what has waited longest since a moment, within one client and across all; see ``newest_first``."""
    return _for_both([moment, "id"], name, client, condition)


def _for_both(
    order: list[str], name: str, client: str, condition: models.Q | None
) -> tuple[models.Index, models.Index]:
    return (
        models.Index(fields=[client, *order], name=name, condition=condition),
        models.Index(fields=order, name=f"{name}_all", condition=condition),
    )

"""The indexes that serve a list of any length to both roles: one client's rows, and every client's."""

from django.db import models

__all__ = ["newest_first"]


def newest_first(
    moment: str, name: str, *, by: str | None = None, client: str = "client", condition: models.Q | None = None
) -> tuple[models.Index, models.Index]:
    """Index rows newest first, within one client and across all (``…_all``), narrowed to one value of ``by``.

    A client's rows are found by the client that its policy compares, an officer's policy compares none: so neither
    index serves the other. A ``condition`` may not depend on a value that is sent as a parameter: a prepared
    statement's general plan would not use the index.
    """
    order = [*([by] if by else []), f"-{moment}", "-id"]
    return (
        models.Index(fields=[client, *order], name=name, condition=condition),
        models.Index(fields=order, name=f"{name}_all", condition=condition),
    )

"""The abstract base of tables whose rows belong to a client, a field for schools, and indexes of its lists."""

from functools import partial
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from psycopg.sql import Literal

from paktaleem.foundation.tenancy.rows import MigratesAs, new_id


class RowKey[Set, Get](MigratesAs, models.ForeignKey[Set, Get]):
    """A key to a row, which stays as long as rows point to it, and knows nothing of them.

    Django makes neither constraint nor index: the composite foreign keys of the tenancy migrations check the row and
    its client, and a table declares the indexes that it needs.
    """

    migrates_as = "django.db.models.ForeignKey"

    def __init__(
        self, to: type[models.Model] | str, on_delete: Any = models.PROTECT, *, null: bool = False, **options: Any
    ) -> None:
        usual = {"related_name": "+", "db_constraint": False, "db_index": False}
        super().__init__(to, on_delete, null=null, **{**usual, **options})

    def clone(self) -> models.ForeignKey[Set, Get]:  # type: ignore[override]  # migrations name Django’s field
        """Return the Django field that migrations compare."""
        _name, _path, positional, named = self.deconstruct()
        return models.ForeignKey(*positional, **named)


class TenantRow(models.Model):
    """Abstract base of a row of one client, which the database checks, with a UUIDv7 as its key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = RowKey("accounts.Client")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)  # of rows that no page shows


def unique_in_client(name: str, *fields: str, where: models.Q | None = None) -> models.UniqueConstraint:
    """Return a constraint that no two rows of a client have the same values in these columns."""
    return models.UniqueConstraint(fields=["client", *fields], condition=where, name=name)


def own_schools(*, made_by: str) -> object:
    """Return the field ``school_ids`` of a model; ``made_by`` completes “Schools of limited staff who …”."""
    return ArrayField(
        models.UUIDField(),
        null=True,
        blank=True,
        editable=False,
        help_text=f"Schools of limited staff who {made_by}, to whom it is shown. None: the whole client.",
    )


# Overdue items are sorted by waiting time along an index of open items; in the order by time a page would read every
# open item that is not due. A fixed code in the condition of a partial index is written into the statement: a
# parameter could not use the index.


class Constant(models.Value):
    """A value written into the statement: its generic plan can use a partial index with the same condition."""

    def as_sql(self, compiler: object, connection: object) -> tuple[str, tuple[()]]:  # noqa: ARG002 -- Django's signature
        """Return the quoted value."""
        return Literal(str(self.value)).as_string().replace("%", "%%"), ()


def _index_pair(
    sign: str,
    moment: str,
    name: str,
    *,
    by: str | None = None,
    client: str = "client",
    condition: models.Q | None = None,
    include: tuple[str, ...] = (),
) -> tuple[models.Index, models.Index]:
    """Return two indexes by time: within one client and across all (``…_all``), optionally by ``by`` first.

    The app role's policy filters by client, the officer role's does not, so each needs its own index. A
    ``condition`` must not depend on a query parameter: the generic plan of a prepared statement would not use the
    index. A query writes such a value as a ``Constant``. ``include`` names columns that queries read from the index.
    """
    order = [*([by] if by else []), f"{sign}{moment}", f"{sign}id"]
    return (
        models.Index(fields=[client, *order], name=name, condition=condition, include=include),
        models.Index(fields=order, name=f"{name}_all", condition=condition, include=include),
    )


newest_first, oldest_first = partial(_index_pair, "-"), partial(_index_pair, "")

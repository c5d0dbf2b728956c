"""Temporary tables for set-based writes, since row-level security refuses COPY into protected tables."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from paktaleem.foundation.tenancy.context import ContextMissing, current_client

_LENGTH = re.compile(r"\(\d+\)")
"""The length of a type, which has no part in its name: varchar(16)[] is an array of varchar."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A temporary table: its columns in order, with their SQL types."""

    name: str
    columns: Mapping[str, str]

    def make(self) -> None:
        """Create the table in this transaction, if it does not exist yet, and empty it."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.name} ({columns}) ON COMMIT DROP")
            cursor.execute(f"TRUNCATE pg_temp.{self.name}")

    def analyse(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE pg_temp.{self.name}")

    def copy(self, rows: Iterable[Sequence[object]], *, client_id: UUID) -> None:
        """Copy rows into the table. Raises ContextMissing outside the client's context: COPY bypasses that check."""
        if current_client() != client_id:
            raise ContextMissing("A stage can be filled only in the context of its client.")
        statement = f"COPY {self.name} ({', '.join(self.columns)}) FROM STDIN (FORMAT BINARY)"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_LENGTH.sub("", kind) for kind in self.columns.values()])
            for row in rows:
                copy.write_row(row)

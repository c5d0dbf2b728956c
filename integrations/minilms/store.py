"""The platform's own database: its people, its data about them, and its state of the portal."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS person (
    id TEXT PRIMARY KEY,                -- ours, which the portal knows as external_id
    portal_id TEXT NOT NULL,            -- the portal's, which webhooks name
    full_name TEXT, email TEXT, language TEXT NOT NULL,
    is_restricted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS record (     -- what people left behind while learning
    person TEXT,                        -- null once anonymised
    category TEXT NOT NULL, data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS decision (   -- the portal's answers, until valid_until
    person TEXT, purpose TEXT, action TEXT,
    allowed INTEGER NOT NULL, reason TEXT NOT NULL, valid_until TEXT NOT NULL,
    PRIMARY KEY (person, purpose, action)
);
CREATE TABLE IF NOT EXISTS carried_out (  -- answers to orders: found again, not done again
    order_id TEXT PRIMARY KEY, answer TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS message (    -- webhooks taken, once by their id
    id TEXT PRIMARY KEY, content TEXT NOT NULL, is_done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """One SQLite file. Each connection belongs to one thread."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=60, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(TABLES)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in one transaction."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def do(self, statement: str, *values: Any) -> int:
        """Change rows; return how many."""
        return self._database.execute(statement, values).rowcount

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Read rows."""
        return self._database.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """Read one row, if it is there."""
        found: sqlite3.Row | None = self._database.execute(query, values).fetchone()
        return found

    def keep(self, name: str, value: str) -> None:
        """Store a setting."""
        self.do("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def kept(self, name: str) -> str | None:
        """Return a setting."""
        found = self.row("SELECT value FROM setting WHERE name = ?", name)
        return found["value"] if found else None

    def knows(self, person: str) -> bool:
        """Return True if anything is held about a person."""
        asked = "SELECT 1 FROM person WHERE id = ? UNION ALL SELECT 1 FROM record WHERE person = ?"
        return self.row(asked, person, person) is not None

    def held(self, person: str) -> dict[str, list[Any]]:
        """Return all data held about a person, by category."""
        found: dict[str, list[Any]] = {}
        for row in self.rows("SELECT full_name, email, language FROM person WHERE id = ?", person):
            found["contact_details"] = [dict(row)]
        for row in self.rows("SELECT category, data FROM record WHERE person = ? ORDER BY rowid", person):
            found.setdefault(row["category"], []).append(json.loads(row["data"]))
        return found

"""The SQL files of the apps: one per function or view, one per trigger name, each the only source of its text.

``<app>/sql/<name>.sql`` is the current text. ``<app>/sql/previous/<name>.<digest>.sql`` are earlier texts that a
migration still applies. The digest leaves out the comment at the head of a file, so that words can be improved
without a migration.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.apps import apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor as Editor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState as State

_HEADER = re.compile(r"(?:\s*--[^\n]*\n)*\s*")
_FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\s*\((.*?)\bLANGUAGE\b", re.DOTALL | re.MULTILINE)
_TRIGGER = re.compile(r"^CREATE TRIGGER (\w+)\s[^;]*?\sON (\w+)\b", re.MULTILINE)
_VIEW = re.compile(r"^CREATE OR REPLACE VIEW (\w+)\b", re.MULTILINE)
_DIGITS = 12


class SqlTextError(RuntimeError):
    """A SQL file is missing, or does not create what its name says."""


class Kind(StrEnum):
    FUNCTION = "function"
    TRIGGER = "trigger"
    VIEW = "view"


_PATTERNS = {Kind.FUNCTION: _FUNCTION, Kind.VIEW: _VIEW, Kind.TRIGGER: _TRIGGER}


def digest_of(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a text without the comment at its head."""
    body = text[_HEADER.match(text).end() :]  # type: ignore[union-attr]  # it matches the empty string
    return hashlib.sha256(body.encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class SqlText:
    """One version of a file: the statements that create an object, and those that drop it."""

    name: str
    text: str

    @property
    def kind(self) -> Kind:
        """Return what the text creates. Raises SqlTextError as ``check`` does."""
        self.check()
        return self._created()[0][0]

    def check(self) -> None:
        """Raise SqlTextError if the text creates something else than one object of the file's name."""
        if {name for _, name in self._created()} != {self.name}:
            raise SqlTextError(
                f"{self.name}.sql must create one object of its name. Write CREATE OR REPLACE FUNCTION {self.name}(…), "
                f"CREATE OR REPLACE VIEW {self.name}, or CREATE TRIGGER {self.name} for one table or several."
            )

    def _created(self) -> list[tuple[Kind, str]]:
        return [(kind, match[1]) for kind, pattern in _PATTERNS.items() for match in pattern.finditer(self.text)]

    @property
    def tables(self) -> list[str]:
        return [match[2] for match in _TRIGGER.finditer(self.text)]

    @property
    def signature(self) -> str:
        """Return a function's parameters and result as written; another signature is another function."""
        found = _FUNCTION.search(self.text)
        return " ".join(found[2].split()) if found else ""

    def drop_statements(self) -> list[str]:
        if self.kind is Kind.TRIGGER:
            return [f"DROP TRIGGER {self.name} ON {table}" for table in self.tables]
        return [f"DROP {self.kind.upper()} {self.name}"]


@dataclass(frozen=True, slots=True)
class SqlFile:
    app_label: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def current(self) -> SqlText:
        """Return the current text. Raises SqlTextError if there is none."""
        try:
            return SqlText(self.name, self.path.read_text())
        except FileNotFoundError as error:
            raise SqlTextError(f"{self.path} is missing.") from error

    def previous_path(self, digest: str) -> Path:
        return self.path.parent / "previous" / f"{self.name}.{digest}.sql"

    def text(self, digest: str) -> SqlText:
        """Return the text with this digest, the current or an earlier one. Raises SqlTextError if neither has it."""
        for path in (self.path, self.previous_path(digest)):
            if path.exists() and digest_of(path.read_text()) == digest:
                return SqlText(self.name, path.read_text())
        raise SqlTextError(
            f"No text of {self.name} has the digest {digest}: neither {self.path} nor {self.previous_path(digest)}. "
            "If you changed the file, run `python manage.py makesql`; it keeps the earlier text too."
        )


def sql_file(app_label: str, name: str) -> SqlFile:
    return SqlFile(app_label, _folder(app_label) / f"{name}.sql")


def sql_files() -> Iterator[SqlFile]:
    for label in sorted(config.label for config in apps.get_app_configs()):
        for path in sorted(_folder(label).glob("*.sql")):
            yield SqlFile(label, path)


def _folder(app_label: str) -> Path:
    return Path(apps.get_app_config(app_label).path) / "sql"


_ROLES = "paktaleem_app, paktaleem_officer, paktaleem_limited"
_ONE_FUNCTION = """
DO $one$
BEGIN
    IF (SELECT count(*) FROM pg_proc WHERE proname = '{name}' AND pronamespace = 'public'::regnamespace) > 1 THEN
        RAISE EXCEPTION '{name} has another signature now: write DropSql("{name}", …) before ApplySql("{name}", …)';
    END IF;
END $one$"""


class _SqlOperation(Operation):
    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    name: str

    def state_forwards(self, app_label: str, state: State) -> None:
        """Leave Django's own picture of the schema as it is."""

    def describe(self) -> str:
        return f"{type(self).__name__} {self.name}"


class ApplySql(_SqlOperation):
    """Apply the text of ``sql/<name>.sql`` that has this digest; ``previous`` is the digest of the text before.

    Without ``previous`` the object is new. Backwards, the previous text is applied or the object dropped.
    """

    def __init__(self, name: str, digest: str, previous: str | None = None) -> None:
        self.name, self.digest, self.previous = name, digest, previous

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        _replace(schema_editor, self._text(app_label, self.previous), self._text(app_label, self.digest))

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        _replace(schema_editor, self._text(app_label, self.digest), self._text(app_label, self.previous))

    def _text(self, app_label: str, digest: str | None) -> SqlText | None:
        return sql_file(app_label, self.name).text(digest) if digest else None


class DropSql(_SqlOperation):
    """Drop an object whose last text has this digest; backwards, create it again."""

    def __init__(self, name: str, digest: str) -> None:
        self.name, self.digest = name, digest

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        _replace(schema_editor, sql_file(app_label, self.name).text(self.digest), None)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:  # noqa: ARG002 -- Django's signature
        _replace(schema_editor, None, sql_file(app_label, self.name).text(self.digest))


def _replace(editor: Editor, before: SqlText | None, after: SqlText | None) -> None:
    statements = []
    if before and (after is None or before.kind is Kind.TRIGGER):
        statements = before.drop_statements()
    elif before and before.kind is Kind.FUNCTION:  # replaced in place: policies and triggers depend on it
        statements = [  # its file grants EXECUTE, starting from PostgreSQL's default
            f"REVOKE ALL ON FUNCTION {before.name} FROM {_ROLES}",
            f"GRANT EXECUTE ON FUNCTION {before.name} TO PUBLIC",
        ]
    if after:
        statements.append(after.text)
        if after.kind is Kind.FUNCTION:
            statements.append(_ONE_FUNCTION.format(name=after.name))
    for statement in statements:
        editor.execute(statement, params=None)

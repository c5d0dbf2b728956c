"""Migration operations that apply a version of a SQL file, and take it back."""

from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory

from paktaleem.foundation.tenancy.sql_files import Kind, SqlText, sql_file

_ROLES = "paktaleem_app, paktaleem_officer, paktaleem_limited"
_ONE_FUNCTION = """
DO $one$
BEGIN
    IF (SELECT count(*) FROM pg_proc WHERE proname = '{name}' AND pronamespace = 'public'::regnamespace) > 1 THEN
        RAISE EXCEPTION '{name} has another signature now: write DropSql("{name}", …) before ApplySql("{name}", …)';
    END IF;
END $one$"""


class _SqlOperation(Operation):
    """An operation on one SQL file; Django's models are not concerned."""

    reduces_to_sql = True
    reversible = True
    category = OperationCategory.SQL

    name: str

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave Django's own picture of the schema as it is."""

    def describe(self) -> str:
        """Name the object for ``migrate --plan``."""
        return f"{type(self).__name__} {self.name}"


class ApplySql(_SqlOperation):
    """Apply the text of ``sql/<name>.sql`` that has this digest; ``previous`` is the digest of the text before.

    Without ``previous`` the object is new. Backwards, the previous text is applied or the object dropped.
    """

    def __init__(self, name: str, digest: str, previous: str | None = None) -> None:
        """Name the object and its versions."""
        self.name, self.digest, self.previous = name, digest, previous

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Create the object, or replace its previous version."""
        _replace(schema_editor, self._text(app_label, self.previous), self._text(app_label, self.digest))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Drop the object, or put its previous version back."""
        _replace(schema_editor, self._text(app_label, self.digest), self._text(app_label, self.previous))

    def _text(self, app_label: str, digest: str | None) -> SqlText | None:
        return sql_file(app_label, self.name).text(digest) if digest else None


class DropSql(_SqlOperation):
    """Drop an object whose last text has this digest; backwards, create it again."""

    def __init__(self, name: str, digest: str) -> None:
        """Name the object and its last version, which is kept in ``sql/previous/``."""
        self.name, self.digest = name, digest

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Drop the object."""
        _replace(schema_editor, sql_file(app_label, self.name).text(self.digest), None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Create the object again."""
        _replace(schema_editor, None, sql_file(app_label, self.name).text(self.digest))


def _replace(editor: Any, before: SqlText | None, after: SqlText | None) -> None:
    """Bring the database from one version of an object to another; None is its absence."""
    statements = _removal(before, after)
    if after:
        statements.append(after.text)
        if after.kind is Kind.FUNCTION:
            statements.append(_ONE_FUNCTION.format(name=after.name))
    for statement in statements:
        editor.execute(statement, params=None)


def _removal(before: SqlText | None, after: SqlText | None) -> list[str]:
    """Drop the earlier version, but replace a function or view in place: policies and triggers depend on it."""
    if before is None:
        return []
    if after is None or before.kind is Kind.TRIGGER:
        return before.drop_statements()
    if before.kind is Kind.FUNCTION:  # its file grants EXECUTE, starting from PostgreSQL's default
        return [
            f"REVOKE ALL ON FUNCTION {before.name} FROM {_ROLES}",
            f"GRANT EXECUTE ON FUNCTION {before.name} TO PUBLIC",
        ]
    return []

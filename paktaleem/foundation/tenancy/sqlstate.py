"""Which version of each SQL file the migrations apply, and which files changed since."""

from dataclasses import dataclass

from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.sql_files import (
    ApplySql,
    DropSql,
    SqlFile,
    SqlText,
    SqlTextError,
    digest_of,
    sql_file,
    sql_files,
)

Versions = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class SqlChange:
    """A file that differs from what the migrations apply; None stands for no file or no migration."""

    file: SqlFile
    before: str | None
    after: str | None

    def operations(self, earlier_text: str | None) -> list[str]:
        """Write the operations that a migration needs: a function with another signature is dropped first."""
        name, before, after = self.file.name, self.before, self.after
        if after is None:
            return [f'DropSql("{name}", digest="{before}")']
        if before is None:
            return [f'ApplySql("{name}", digest="{after}")']
        if earlier_text is not None and _has_another_signature(self.file, earlier_text):
            return [f'DropSql("{name}", digest="{before}")', f'ApplySql("{name}", digest="{after}")']
        return [f'ApplySql("{name}", digest="{after}", previous="{before}")']


def applied_versions(loader: MigrationLoader) -> Versions:
    """Return the digest that the migrations leave applied for each object, by app and name.

    Raises SqlTextError if an operation does not follow the one before it, or if an earlier text is not kept.
    """
    versions: Versions = {}
    followed = set()
    for leaf in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(leaf):
            if key in followed:
                continue
            followed.add(key)
            for operation in loader.graph.nodes[key].operations:
                if isinstance(operation, ApplySql | DropSql):
                    _follow(versions, key, operation)
    return versions


def _follow(versions: Versions, migration: tuple[str, str], operation: ApplySql | DropSql) -> None:
    app_label, name = migration
    key = app_label, operation.name
    earlier = operation.previous if isinstance(operation, ApplySql) else operation.digest
    if versions.get(key) != earlier:
        raise SqlTextError(
            f"{app_label}.{name} expects the version {earlier} of {operation.name}, but the migrations before it leave "
            f"{versions.get(key)}. Write that as `previous` of ApplySql or `digest` of DropSql."
        )
    if earlier:
        sql_file(*key).text(earlier)
    if isinstance(operation, DropSql):
        del versions[key]
    else:
        versions[key] = operation.digest


def pending_changes(versions: Versions) -> list[SqlChange]:
    """List the files that differ from these versions. Raises SqlTextError as ``SqlText.check`` does."""
    current = {(file.app_label, file.name): file for file in sql_files()}
    changes = []
    for key in sorted({*current, *versions}):
        file = current.get(key)
        if file is not None:
            file.current.check()
        after = digest_of(file.current.text) if file else None
        if after != versions.get(key):
            changes.append(SqlChange(sql_file(*key), versions.get(key), after))
    return changes


def _has_another_signature(file: SqlFile, earlier_text: str) -> bool:
    return SqlText(file.name, earlier_text).signature != file.current.signature

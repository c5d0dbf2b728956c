"""``manage.py makesql``: write migrations for changed SQL files and new tables, or fail without them (``--check``)."""

import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path

from django.apps import apps
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.migration_state import (
    SqlChange,
    applied_versions,
    list_missing_isolation,
    pending_changes,
)
from paktaleem.foundation.tenancy.sql_files import SqlFile, SqlTextError, digest_of

_MIGRATION = '''"""{doc}"""

from django.db import migrations

{imports}


class Migration(migrations.Migration):
    dependencies = [("{app}", "{leaf}")]
    operations = [
{operations}
    ]
'''


class Command(BaseCommand):
    help = "Write migrations for changed SQL files and for tables without isolation; with --check only fail."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail if a migration is missing.")
        parser.add_argument("--name", help="The migration's name after its number, such as country_in_facts.")

    def handle(self, *_: object, check: bool, name: str | None, **__: object) -> None:
        loader = MigrationLoader(None)
        try:
            changes, isolation = pending_changes(applied_versions(loader)), list_missing_isolation(loader)
            if check:
                self._refuse(changes, isolation)
                return
            for app_label in sorted({*isolation, *(change.file.app_label for change in changes)}):
                [(_, leaf)] = loader.graph.leaf_nodes(app_label)
                of_app = [change for change in changes if change.file.app_label == app_label]
                path = _write(app_label, leaf, of_app, isolation.get(app_label, []), name)
                self.stdout.write(str(path))
        except SqlTextError as error:
            raise CommandError(str(error)) from error

    def _refuse(self, changes: list[SqlChange], isolation: dict[str, list[str]]) -> None:
        lines = [f"  {change.file.path}" for change in changes]
        lines += [f"  {app_label}: {operation}" for app_label, written in isolation.items() for operation in written]
        if lines:
            listed = "\n".join(lines)
            raise CommandError(
                f"No migration has these SQL files or operations of tenant isolation:\n{listed}\n"
                "Run `.venv/bin/python manage.py makesql --name what_changes`, and commit the migration too."
            )
        self.stdout.write("The migrations apply every SQL file and isolate every table.")


def _write(app_label: str, leaf: str, changes: list[SqlChange], isolation: list[str], name: str | None) -> Path:
    operations = [line for change in changes for line in change.operations(_keep_earlier_text(change))]
    imports = _imports("sql_files", operations)
    if isolation:
        imports = _imports("operations", ["Isolate(", *isolation]) + imports
        operations.insert(0, "\n            ".join(["Isolate(", *(f"{line}," for line in isolation)]) + "\n        )")
    title = name or "_and_".join([change.file.name for change in changes][:2]) or "isolates_tables"
    files = [f"Changes {', '.join(change.file.name for change in changes)}."] if changes else []
    text = _MIGRATION.format(
        doc=" ".join(["Isolates the rows of each client."] * bool(isolation) + files),
        imports="\n".join(imports),
        app=app_label,
        leaf=leaf,
        operations="\n".join(f"        {line}," for line in operations),
    )
    path = Path(apps.get_app_config(app_label).path) / "migrations" / f"{int(leaf[:4]) + 1:04}_{title}.py"
    path.write_text(text)
    return path


def _imports(module: str, operations: list[str]) -> list[str]:
    names = ", ".join(sorted({line.partition("(")[0] for line in operations}))
    return [f"from paktaleem.foundation.tenancy.{module} import {names}"] if names else []


def _keep_earlier_text(change: SqlChange) -> str | None:
    """Copy the text that was applied before into ``sql/previous/``, where migrations look for it; return it."""
    if change.before is None:
        return None
    path = change.file.previous_path(change.before)
    if not path.exists():
        text = _earlier_text(change.file, change.before)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return path.read_text()


def _earlier_text(file: SqlFile, digest: str) -> str:
    for revision in _git(file.path, "log", "--format=%H", "--", file.path.name).split():
        text = _git(file.path, "show", f"{revision}:./{file.path.name}")
        if digest_of(text) == digest:
            return text
    raise SqlTextError(
        f"Git knows no text of {file.path} with the digest {digest}. "
        f"Save the text that was applied before as {file.previous_path(digest)}."
    )


def _git(path: Path, *arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        return ""
    done = subprocess.run([program, *arguments], cwd=path.parent, capture_output=True, text=True, check=False)  # noqa: S603 -- git, no shell
    return done.stdout

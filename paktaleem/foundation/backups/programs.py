"""PostgreSQL's own programs, of a version that can read the server, and how they are told where it is."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, unquote, urlsplit

from paktaleem.development.embedded.binaries import HOST_FOLDERS, WHEEL_BIN, wheel_folder

__all__ = ["BackupFailed", "environment_of", "find_program", "output_of", "run"]

_PARAMETERS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST"}


class BackupFailed(Exception):
    """A backup or restore did not come about; the message says why, in one line."""


def find_program(name: str, *, major: int) -> Path:
    """Find pg_dump or pg_restore of at least the server's major version; the nearest one is taken.

    An older one would refuse, or leave out what it does not know. Raises BackupFailed.
    """
    found = {path: version for path in _candidates(name) if (version := _major_of(path)) and version >= major}
    if not found:
        raise BackupFailed(
            f"There is no {name} of PostgreSQL {major} or newer here: install postgresql-client-{major}."
        )
    return min(found, key=lambda path: found[path])


def _candidates(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    if package := wheel_folder():
        yield package / WHEEL_BIN / name
    yield from HOST_FOLDERS.glob(f"*/bin/{name}")


def _major_of(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=20)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match[1]) if match else None


def environment_of(url: str) -> dict[str, str]:
    """Say where the database is and how to enter it, as libpq reads it: never on a command line, which others see."""
    parts = urlsplit(url)
    values = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        **{_PARAMETERS[name]: value for name, value in parse_qsl(parts.query) if name in _PARAMETERS},
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"} | {name: value for name, value in values.items() if value}


def run(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, output: int | None = None
) -> None:
    """Run a program to its end. Raises BackupFailed with the last line it said."""
    done = subprocess.run(  # noqa: S603 -- PostgreSQL's own programs, no shell
        [str(part) for part in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if output is None else output,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise _failure(Path(command[0]).name, done.stderr)


@contextmanager
def output_of(command: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    """Read what a program writes, as it writes it. Raises BackupFailed if it fails in the end."""
    with subprocess.Popen(  # noqa: S603 -- PostgreSQL's own programs, no shell
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        if process.stdout is None or process.stderr is None:
            raise BackupFailed(f"{command[0]} could not be listened to.")
        yield process.stdout
        process.stdout.close()
        said = process.stderr.read()
    if process.returncode:
        raise _failure(Path(command[0]).name, said)


def _failure(name: str, said: bytes) -> BackupFailed:
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    errors = [line for line in lines if "error:" in line]
    return BackupFailed(f"{name} failed: {(errors or lines)[0].strip()}")

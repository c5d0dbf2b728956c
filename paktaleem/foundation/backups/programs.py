"""Run PostgreSQL's client programs in a version that supports the server."""

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

_PARAMETERS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST"}


class BackupFailed(Exception):
    """A backup or restore failed; the message is the reason, in one line."""


def find_program(name: str, *, major: int) -> Path:
    """Return the path of pg_dump or pg_restore, in the lowest version not older than the server's.

    An older program would refuse or omit newer features. Raises BackupFailed.
    """
    found = {path: version for path in _find_candidates(name) if (version := _major_of(path)) and version >= major}
    if not found:
        raise BackupFailed(f"No {name} of PostgreSQL {major} or newer was found. Install postgresql-client-{major}.")
    return min(found, key=lambda path: found[path])


def _find_candidates(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    if package := wheel_folder():
        yield package / WHEEL_BIN / name
    yield from HOST_FOLDERS.glob(f"*/bin/{name}")


def _major_of(program: Path) -> int | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=20)  # noqa: S603 -- a program that we named, with a fixed option
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match[1]) if match else None


def environment_of(url: str) -> dict[str, str]:
    """Return a database URL as libpq environment variables; a command line would be visible to others."""
    parts = urlsplit(url)
    values = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        **{_PARAMETERS[name]: value for name, value in parse_qsl(parts.query) if name in _PARAMETERS},
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {"LC_ALL": "C"} | {name: value for name, value in values.items() if value}


def run(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, output: int | None = None
) -> None:
    """Run a program to completion, its output to the file descriptor of this number; None: discarded.

    Raises BackupFailed with its error message.
    """
    done = subprocess.run(  # noqa: S603 -- PostgreSQL's own programs, no shell
        [str(part) for part in command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if output is None else output,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise _to_backup_error(Path(command[0]).name, done.stderr)


@contextmanager
def output_of(command: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    """Yield the output stream of a program.

    Raises BackupFailed if the program fails.
    """
    with subprocess.Popen(  # noqa: S603 -- PostgreSQL's own programs, no shell
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        if process.stdout is None or process.stderr is None:
            raise BackupFailed(f"The output of {command[0]} cannot be read.")
        yield process.stdout
        process.stdout.close()
        error_output = process.stderr.read()
    if process.returncode:
        raise _to_backup_error(Path(command[0]).name, error_output)


def _to_backup_error(name: str, error_output: bytes) -> BackupFailed:
    lines = error_output.decode(errors="replace").strip().splitlines() or ["no error message"]
    errors = [line for line in lines if "error:" in line]
    return BackupFailed(f"{name} failed: {(errors or lines)[0].strip()}")

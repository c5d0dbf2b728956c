"""Create a cluster: passwords, initdb, then a file that marks it as complete."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from paktaleem.development.embedded.binaries import find_binaries
from paktaleem.development.embedded.endpoint import LOGIN_ROLES, SUPERUSER
from paktaleem.development.embedded.errors import ClusterError
from paktaleem.development.embedded.files import write_atomically
from paktaleem.development.embedded.postmaster import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paktaleem.development.embedded.account import Account
    from paktaleem.development.embedded.layout import Layout

HBA = f"host all all {HOST}/32 scram-sha-256\n"
"""Access over TCP from this host with a password only; no Unix socket, no trust authentication."""

FIRST_BUILTIN_LOCALE = 17
OUTPUT_TAIL = 4000


def create_cluster(layout: Layout, account: Account, *, lock: int, durable: bool) -> None:
    """Create the cluster while holding the lock; remove the remains of an interrupted attempt first.

    initdb inherits the lock, so if this process is killed, the next one waits for initdb to end. Raises
    ClusterError if initdb fails, or if the unfinished folder contains a cluster that has been in use.
    """
    _remove_unfinished(layout)
    if account.borrowed:
        layout.home.chmod(0o711)
    passwords = {role: secrets.token_urlsafe(32) for role in LOGIN_ROLES}
    write_atomically(layout.passwords, json.dumps(passwords, indent=1))
    layout.data.mkdir(mode=0o700)
    if account.owner is not None:
        os.chown(layout.data, *account.owner)
    binaries = find_binaries(account, copies=layout.binaries)
    options = (*_locale_options(binaries.major), *([] if durable else ["--no-sync"]))
    with _password_file(layout, account, passwords[SUPERUSER]) as password_file:
        done = account.run(
            binaries.folder / "initdb",
            *("-D", layout.data, "-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--data-checksums", "--no-instructions", *options),
            cwd=layout.home,
            keep_open=(lock,),
        )
    if done.returncode != 0:
        output = (done.stdout + done.stderr)[-OUTPUT_TAIL:]
        raise ClusterError(f"The database could not be created in {layout.data}:\n{output}")
    write_atomically(layout.data / "pg_hba.conf", HBA, owner=account.owner)
    write_atomically(layout.finished, "The cluster in data/ is complete.\n")


def erase_cluster(layout: Layout) -> None:
    """Remove all files of a stopped cluster while holding the lock, in an order that is safe to interrupt.

    The folder itself remains, empty, if its parent is not writable or another process claims it.
    """
    if layout.data.exists():
        layout.data.rename(layout.discarded)
    layout.finished.unlink(missing_ok=True)
    for entry in layout.home.iterdir():
        if entry.is_dir():
            _remove_folder(entry)
        elif entry != layout.lock:
            entry.unlink()
    layout.lock.unlink()
    with suppress(OSError):
        layout.home.rmdir()


def _remove_folder(folder: Path) -> None:
    """Remove a folder, with retries: backends of a killed server may still write to it."""
    for _ in range(50):
        try:
            shutil.rmtree(folder)
        except PermissionError:
            raise
        except OSError:
            time.sleep(0.1)
        if not folder.exists():
            return
    raise ClusterError(f"{folder} cannot be removed: another process keeps writing to it.")


def _remove_unfinished(layout: Layout) -> None:
    """Remove an unfinished cluster, unless it has been in use and contains data."""
    if (layout.data / "postmaster.opts").exists():
        raise ClusterError(
            f"The database in {layout.home} has been in use, and its file 'finished' is missing. Nothing was"
            " changed. If data/ and passwords.json are complete, create that file again (empty); otherwise"
            " restore a backup.",
        )
    for leftover in (layout.data, layout.discarded):
        if leftover.exists():
            _remove_folder(leftover)


@contextmanager
def _password_file(layout: Layout, account: Account, password: str) -> Iterator[Path]:
    path = layout.home / "initial-password"
    write_atomically(path, password, owner=account.owner)
    try:
        yield path
    finally:
        path.unlink()


def _locale_options(major: int) -> list[str]:
    """Return options for a sort order by code point on every host; PostgreSQL 16 uses the C library for it."""
    if major >= FIRST_BUILTIN_LOCALE:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C", "--lc-messages=C"]

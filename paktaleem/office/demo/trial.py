"""Environment of a fresh checkout: an embedded database, a secret key and wrapping keys.

The first process starts the database server, the last one stops it. Not used if DATABASE_URL is set.
"""

import fcntl
import os
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import APP, BACKUP, OWNER, SUPERUSER, Endpoint
from paktaleem.foundation.embedded.roles import ensure_database, ensure_roles

DATABASE = "paktaleem"
_WITHOUT_DATABASE = {"help", "version", "--help", "--version", "collectstatic", "startproject", "startapp"}
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(SystemExit):
    """A signal received the process to end; it cleans up first."""


def data_folder() -> Path:
    """Return the folder of a trial's database, keys and emails (``PAKTALEEM_DATA_DIR``, else ``.data``)."""
    default = Path(__file__).resolve().parents[3] / ".data"
    return Path(os.environ.get("PAKTALEEM_DATA_DIR") or default).resolve()


def trial_cluster() -> Cluster:
    return Cluster(data_folder() / "postgres")


@contextmanager
def environment(arguments: Sequence[str]) -> Iterator[None]:
    """Provide missing environment variables for one command; the last process stops the server."""
    command = arguments[0] if arguments else "help"
    if os.environ.get("DATABASE_URL") or command in _WITHOUT_DATABASE:
        yield
        return
    folder, cluster = data_folder(), trial_cluster()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Signals unwind the stack, so that the last process stops the server (a shell may ignore SIGINT).
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # keep nohup's setting
        signal.signal(signal.SIGHUP, _terminate)
    with _shared_use(folder / "in-use.lock", cluster):
        with _deferred_signals():
            endpoint = cluster.ensure_running()
        ensure_roles(endpoint)
        ensure_database(endpoint, DATABASE)
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "DRILL_DATABASE_URL"):
            os.environ.pop(name, None)  # never mix roles of two servers
        for name, value in variables(endpoint, folder).items():
            os.environ.setdefault(name, value)
        yield


def variables(endpoint: Endpoint, folder: Path, database: str = DATABASE) -> dict[str, str]:
    """Return the environment variables of a trial on this server."""
    from paktaleem.foundation.encryption.keyring import new_keyring_text  # noqa: PLC0415 -- imports Django, which `help` may not need

    get_or_create_secret(folder / "keyring.json", new_keyring_text)
    return {
        "DATABASE_URL": endpoint.url(APP, database),
        "DATABASE_OWNER_URL": endpoint.url(OWNER, database),
        "SECRET_KEY": get_or_create_secret(folder / "secret-key", lambda: secrets.token_urlsafe(48)),
        "DATABASE_BACKUP_URL": endpoint.url(BACKUP, database),
        "DRILL_DATABASE_URL": endpoint.url(SUPERUSER, "postgres"),
        "PAKTALEEM_KEYS_FILE": str(folder / "keyring.json"),
        "ERASURE_LIST_FILE": str(folder / "erasures.jsonl"),
        "SECURE_COOKIES": "false",
        "SECURE_HSTS_SECONDS": "0",
        "LOG_FORMAT": "text",
        "SERVE_STATIC_FROM_SOURCE": "true",
    }


def get_or_create_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret stored in a file (mode 0600); the first of several processes creates it."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


@contextmanager
def _shared_use(lock: Path, cluster: Cluster) -> Iterator[None]:
    """Hold a shared lock while using the server; the last process to release it stops the server."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        with _deferred_signals(), suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            cluster.stop()
        os.close(descriptor)


def _terminate(number: int, frame: FrameType | None) -> None:
    del frame
    raise Terminated(128 + number)


@contextmanager
def _deferred_signals() -> Iterator[None]:
    received: list[int] = []
    before = {ending: signal.signal(ending, lambda number, _: received.append(number)) for ending in _ENDINGS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
    if received:
        signal.raise_signal(received[0])

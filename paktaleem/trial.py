"""What production gives by environment, made for a fresh checkout: an embedded database, a secret key, wrapping keys.

Whoever comes first starts the database server; whoever leaves last stops it. Nothing here runs where DATABASE_URL
is set.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from paktaleem.embedded import APP, OWNER, Cluster, Endpoint, ensure_database, ensure_roles

__all__ = ["DATABASE", "data_folder", "environment", "variables"]

DATABASE = "paktaleem"
_WITHOUT_DATABASE = {"help", "version", "--help", "--version", "collectstatic", "startproject", "startapp"}


def data_folder() -> Path:
    """Return where a trial keeps its database, keys and letters (``PAKTALEEM_DATA_DIR``, else ``.data``)."""
    default = Path(__file__).resolve().parent.parent / ".data"
    return Path(os.environ.get("PAKTALEEM_DATA_DIR") or default)


@contextmanager
def environment(arguments: Sequence[str]) -> Iterator[None]:
    """Fill in what the environment lacks for the length of one command, and clean up behind the last one."""
    command = arguments[0] if arguments else "help"
    if "DATABASE_URL" in os.environ or command in _WITHOUT_DATABASE:
        yield
        return
    folder = data_folder()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    cluster = Cluster(folder / "postgres")
    with _counted_in(folder / "in-use.lock", cluster):
        endpoint = cluster.ensure_running()
        ensure_roles(endpoint)
        ensure_database(endpoint, DATABASE)
        for name, value in variables(endpoint, folder).items():
            os.environ.setdefault(name, value)
        yield


def variables(endpoint: Endpoint, folder: Path, database: str = DATABASE) -> dict[str, str]:
    """Give the environment of a trial on this server."""
    return {
        "DATABASE_URL": endpoint.url(APP, database),
        "DATABASE_OWNER_URL": endpoint.url(OWNER, database),
        "SECRET_KEY": _kept_secret(folder / "secret-key", lambda: secrets.token_urlsafe(48)),
        "PAKTALEEM_KEYS_FILE": str(_kept_keyring(folder / "keyring.json")),
        "SECURE_COOKIES": "false",
        "SECURE_HSTS_SECONDS": "0",
        "SERVE_STATIC_FROM_SOURCE": "true",
    }


def _kept_keyring(path: Path) -> Path:
    from paktaleem.subjects.keyring import new_keyring_text  # noqa: PLC0415 -- imports Django, which `help` may not need

    _kept_secret(path, new_keyring_text)
    return path


def _kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret kept in a 0600 file; the first of several processes makes it."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
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
def _counted_in(lock: Path, cluster: Cluster) -> Iterator[None]:
    """Hold a shared lock while using the server; the last to let go stops it."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        _stop_if_last(descriptor, cluster)
        os.close(descriptor)


def _stop_if_last(descriptor: int, cluster: Cluster) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    cluster.stop()

"""Exception of the embedded server."""

from __future__ import annotations

from contextlib import contextmanager
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
            " another account. Run as that account, or choose another folder.",
        ) from error
    except (OSError, TimeoutExpired) as error:
        raise ClusterError(f"The database folder {folder} cannot be used: {error}.") from error

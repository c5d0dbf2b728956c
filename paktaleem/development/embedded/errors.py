"""The one exception of this package."""

from __future__ import annotations

from contextlib import contextmanager
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ClusterError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the message says why and what to do."""


@contextmanager
def told_plainly(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a ClusterError that names the folder."""
    try:
        yield
    except PermissionError as error:
        raise ClusterError(
            f"This account may not use the database folder {folder} ({error}). It was probably made by"
            " another account: run as that account, or choose another folder.",
        ) from error
    except (OSError, TimeoutExpired) as error:
        raise ClusterError(f"The database folder {folder} cannot be used: {error}.") from error

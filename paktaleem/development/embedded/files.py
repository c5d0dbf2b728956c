"""Atomic writes of small files, and creation of parent folders."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
    _sync_folder(path.parent)


def make_parents(folder: Path) -> None:
    """Create the missing parents of a folder with mode 0755, whatever the umask is.

    Existing parents keep their mode.
    """
    for parent in reversed(folder.parents):
        with suppress(FileExistsError):
            parent.mkdir()
            parent.chmod(0o755)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

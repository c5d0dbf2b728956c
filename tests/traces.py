"""Search for values that must not appear in dumps or files, in any encoding."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path


def forms(value: str) -> Iterator[bytes]:
    """Return the encodings of a text: as is, in another case, as hex, as base64 at each of three offsets."""
    for text in (value, value.lower(), value.upper()):
        raw = text.encode()
        yield from (raw, raw.hex().encode(), raw.hex().upper().encode())
        for before in range(3):
            encoded = base64.b64encode(bytes(before) + raw).rstrip(b"=")
            yield encoded[(before * 8 + 5) // 6 : -1]  # without the characters that also depend on the neighbours


def files_with(values: Iterable[str], places: Iterable[Path], *, since: float = 0) -> dict[str, set[Path]]:
    """Map each value to the files beneath these places that contain one of its encodings.

    Files that were last written before ``since``, in seconds of the epoch, cannot hold what was made after it.
    """
    wanted = {value: set(forms(value)) for value in values}
    found: dict[str, set[Path]] = {value: set() for value in wanted}
    for file in (file for place in places for file in (place.rglob("*") if place.is_dir() else [place])):
        for value in _values_in(file, wanted, since):
            found[value].add(file)
    return found


def _values_in(file: Path, wanted: dict[str, set[bytes]], since: float) -> list[str]:
    try:
        if not file.is_file() or file.stat().st_size == 0 or file.stat().st_mtime < since:
            return []
        text = file.read_bytes()  # not mapped: PostgreSQL may truncate a file meanwhile, which would kill this process
    except FileNotFoundError:  # deleted since it was listed
        return []
    return [value for value, hidden in wanted.items() if any(form in text for form in hidden)]

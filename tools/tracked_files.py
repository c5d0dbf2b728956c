"""Find tracked files that do not belong in the project (``python -m tools.tracked_files``, part of ``make check``).

A folder ``.data`` holds a database with its keys and passwords. A large file stays in every clone and in the image.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LARGEST = 1_000_000
"""Largest size of a tracked file, in bytes; the catalogues of translations may be larger."""
_ROOT = Path(__file__).resolve().parents[1]


def find_offences(root: Path) -> Iterator[str]:
    """Yield a sentence for each tracked file below a folder ``.data``, and for each one above LARGEST bytes."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        path = root / name
        if ".data" in Path(name).parts:
            yield f"{name}: .data holds a database with its keys and passwords; remove it from git (git rm --cached)."
        elif path.is_file() and path.stat().st_size > LARGEST and Path(name).parts[0] != "locale":
            size = path.stat().st_size / 1_000_000
            yield f"{name}: {size:.1f} MB would stay in every clone; a tracked file has at most 1 MB."


if __name__ == "__main__":
    offences = list(find_offences(_ROOT))
    sys.exit("\n".join(offences) or None)

"""Plant each fault in a copy of the checkout and run the tests that must catch it: ``make test-planted``.

``python -m tests.planted [names]`` runs some: ``decisions``, ``decisions/restriction_ignored``. It exits with 1 unless
every fault is caught. The named tests run once without any fault first: a test that fails anyway catches nothing.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from tests.database import SHARED_FOLDER, destroy_folder
from tests.planted.faults import DoesNotApply, Fault, load_faults

ROOT = Path(__file__).resolve().parents[2]
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider")
NOT_PASSED_ON = {SHARED_FOLDER, "PYTHONDONTWRITEBYTECODE"}
"""Environment variables; bytecode is kept, or every run would compile the portal anew."""
PASSED, FAILED = 0, 1
_FAILURE = re.compile(r"\b\d+ failed\b")
COPIES = 2
"""Copies in which faults are planted at the same time."""
SECONDS = 600
"""Longest run of the tests of one fault; a fault that makes them hang is not caught."""
ANY_TEST = ("tests/tenancy/test_rows.py",)


class Copy(NamedTuple):
    """A copy of the checkout, and the folder in which its runs share a template and a server."""

    root: Path
    run: Path


def main(names: Sequence[str]) -> int:
    faults = load_faults(names)
    with _copied_checkouts() as copies:
        if not _pass_without_fault(faults, copies):
            return 1
        caught = _plant_all(faults, copies)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime
    _write(f"{sum(caught)} of {len(faults)} faults caught; {seconds:.0f} s of CPU, PostgreSQL's not counted.")
    return 0 if all(caught) else 1


def _plant_all(faults: Sequence[Fault], copies: Sequence[Copy]) -> list[bool]:
    """Plant each fault in a copy that is free; return whether each was caught."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def plant(fault: Fault) -> bool:
        copy = free.get()
        try:
            return _is_caught(fault, copy)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        return list(pool.map(plant, faults))


@contextmanager
def _copied_checkouts() -> Iterator[list[Copy]]:
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-planted-"))
    folder.chmod(0o755)
    copies = [Copy(folder / f"checkout{number}", folder / f"run{number}") for number in range(COPIES)]
    try:
        for copy in copies:
            _copy_checkout(copy.root)
            copy.run.mkdir(mode=0o755)
        yield copies
    finally:
        for copy in copies:
            destroy_folder(copy.run)
        shutil.rmtree(folder, ignore_errors=True)


def _copy_checkout(copy: Path) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in listed.split("\0")[:-1]:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (copy / ".venv").symlink_to((ROOT / ".venv").resolve())


def _pass_without_fault(faults: Sequence[Fault], copies: Sequence[Copy]) -> bool:
    """Run all named tests in the first copy, and one in the others: the template is made while the code is right."""
    tests = sorted({test for fault in faults for test in fault.tests})
    for copy, chosen in zip(copies, [tests, *[ANY_TEST] * (len(copies) - 1)], strict=True):
        status, output = _run_tests(chosen, copy)
        if status != PASSED:
            _write(f"{output}\nThe named tests do not pass without any fault.")
            return False
    return True


def _is_caught(fault: Fault, copy: Copy) -> bool:
    """Plant one fault, run its tests, and report. Only a failed test catches it: not one that could not start."""
    began = time.monotonic()
    try:
        changed = fault.changed_files(copy.root)
    except DoesNotApply as error:
        _write(f"DOES NOT APPLY  {error}")
        return False
    with _written(changed):
        status, output = _run_tests(fault.tests, copy, is_alone=fault.migrates)
    last = (output.strip().splitlines() or [""])[-1]
    caught = status == FAILED and _FAILURE.search(last) is not None
    why = "" if caught else f"\n    {fault.sentence}\n    {last if status == PASSED else output}"
    _write(f"{'caught' if caught else 'NOT CAUGHT':<11} {time.monotonic() - began:4.0f} s  {fault.name}{why}")
    return caught


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _written(changed: Mapping[Path, str]) -> Iterator[None]:
    before = {path: path.read_text() for path in changed}
    try:
        for path, text in changed.items():
            path.write_text(text)
        yield
    finally:
        for path, text in before.items():
            path.write_text(text)


def _run_tests(tests: Sequence[str], copy: Copy, *, is_alone: bool = False) -> tuple[int, str]:
    """Return the exit status and the output of one pytest; ``is_alone``: with a template and a server of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    if not is_alone:
        environment[SHARED_FOLDER] = str(copy.run)
    command = [*PYTEST, *tests]
    try:
        done = subprocess.run(
            command, cwd=copy.root, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"No end after {SECONDS} seconds."
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

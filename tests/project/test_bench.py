"""The memory measurement of the benchmarks."""

import os
import sys
from subprocess import CalledProcessError

import pytest

from tests.bench.peak import run_measured

MEGABYTE = 2**20


def test_the_peak_memory_of_a_command_excludes_the_process_that_starts_it() -> None:
    held = bytearray(200 * MEGABYTE)
    peak, _ = run_measured(["true"], os.environ)
    assert len(held) == 200 * MEGABYTE
    assert peak < 100


def test_the_peak_memory_of_a_command_includes_what_it_frees() -> None:
    peak, seconds = run_measured([sys.executable, "-S", "-c", f"del [bytearray(200 * {MEGABYTE})][0]"], os.environ)
    assert 200 < peak < 300
    assert seconds > 0


def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(CalledProcessError):
        run_measured(["false"], os.environ)

"""``make test`` installs the browser its tests need, or reports in one line that it cannot (.make/browser)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".make" / "browser"
REFUSAL = "The tests need a browser: install chromium, or name one in PAKTALEEM_BROWSER."


class Machine:
    """An environment with only the programs that a test adds."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.venv = folder / "bin", folder / "clone" / ".venv" / "bin"
        for one in (self.bin, self.venv, folder / "clone" / ".make"):
            one.mkdir(parents=True)
        self.script = Path(shutil.copy(SCRIPT, folder / "clone" / ".make" / "browser"))
        for name in ("dirname", "cp"):
            (self.bin / name).symlink_to(shutil.which(name) or name)
        self.program("id", "echo 1000")
        self.program("python", "echo a long tale of woe >&2; exit 1", where=self.venv)

    def program(self, name: str, body: str, *, where: Path | None = None) -> str:
        path = (where or self.bin) / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": str(self.bin), **environment}
        return subprocess.run(["/bin/sh", self.script], env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_named_browser_is_taken_as_it_is(machine: Machine) -> None:
    assert machine.run(PAKTALEEM_BROWSER="/opt/mine").stdout == "/opt/mine\n"


def test_an_installed_chromium_is_found(machine: Machine) -> None:
    path = machine.program("chromium", "exit 0")
    assert (machine.run().stdout, machine.run().stderr) == (f"{path}\n", "")


def test_root_with_apt_gets_the_chromium_of_the_distribution(machine: Machine, tmp_path: Path) -> None:
    waiting = machine.program("waiting", "exit 0", where=tmp_path)
    machine.program("id", "echo 0")
    machine.program("apt-get", f'[ "$1" = update ] || cp {waiting} {machine.bin}/chromium')
    assert machine.run().stdout == f"{machine.bin}/chromium\n"


def test_without_root_playwright_brings_its_own(machine: Machine, tmp_path: Path) -> None:
    machine.program("apt-get", f"cp /bin/sh {machine.bin}/chromium")  # must not run
    own = machine.program("chrome", "echo 1", where=tmp_path)
    machine.program("python", f'[ "$1" = -m ] || echo {own}', where=machine.venv)
    assert machine.run().stdout == f"{own}\n"


@pytest.mark.parametrize("has_apt", [False, True])
def test_with_neither_one_clear_line_says_so(machine: Machine, *, has_apt: bool) -> None:
    if has_apt:
        machine.program("id", "echo 0")
        machine.program("apt-get", "echo no network >&2; exit 100")
    told = machine.run()
    assert (told.returncode, told.stdout) == (1, "")
    lines = told.stderr.splitlines()
    assert lines[-1] == REFUSAL
    assert all(line.startswith("Installing ") for line in lines[:-1])


def test_a_chromium_of_playwright_that_cannot_start_is_none(machine: Machine, tmp_path: Path) -> None:
    broken = machine.program("chrome", "exit 127", where=tmp_path)
    machine.program("python", f'[ "$1" = -m ] || echo {broken}', where=machine.venv)
    told = machine.run(HOME=os.devnull)
    assert (told.returncode, told.stderr.splitlines()[-1]) == (1, REFUSAL)

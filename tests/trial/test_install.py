"""Production installs what ``requirements.lock`` names, without the suite; ``make audit`` says what it compared."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)
UNREACHABLE = "Nothing was compared: the database of vulnerabilities (OSV) could not be reached."


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text()))


def test_production_installs_nothing_of_the_suite() -> None:
    served, developed = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {"django", "granian", "psycopg"} <= set(served)
    assert not {"pytest", "mypy", "ruff", "playwright", "factory-boy", "hypothesis"} & set(served)
    assert served.items() < developed.items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", ".make/audit.lock", ".make/uv.lock"])
def test_every_locked_version_has_its_hashes(name: str) -> None:
    text = re.sub(r"\\\n\s+", "", (ROOT / name).read_text())
    lines = [line for line in text.splitlines() if PIN.match(line)]
    assert lines
    assert all("--hash=sha256:" in line for line in lines)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the scripts and lock files, with a uv that only notes how it is called."""
    shutil.copytree(ROOT / ".make", tmp_path / ".make")
    for name in ("requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    program(tmp_path / ".make/uv", 'echo "$*" >>calls')
    program(tmp_path / ".venv/bin/python", "exit 0")
    return tmp_path


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", *command], cwd=checkout, capture_output=True, text=True, check=False)


def calls(checkout: Path) -> list[str]:
    notes = checkout / "calls"
    return [line.split()[-1] for line in notes.read_text().splitlines()] if notes.exists() else []


def test_a_developers_environment_serves_as_well(checkout: Path) -> None:
    for arguments, installed in (
        ([], ["requirements.lock"]),
        ([], ["requirements.lock"]),
        (["dev"], ["requirements.lock", "requirements-dev.lock"]),
        ([], ["requirements.lock", "requirements-dev.lock"]),
        (["dev"], ["requirements.lock", "requirements-dev.lock"]),
    ):
        assert run(checkout, ".make/install", *arguments).returncode == 0
        assert calls(checkout) == installed


def test_uv_is_fetched_in_a_locked_version_only() -> None:
    script = (ROOT / ".make/uv").read_text().replace("\\\n", "")
    fetched = [line for line in script.splitlines() if "pip install" in line]
    assert fetched
    assert all("--require-hashes --requirement .make/uv.lock" in line for line in fetched)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ("exit 0", 0, "No known vulnerability in what requirements.lock names."),
        ("echo 'django 6.1.3 CVE-1'; exit 1", 1, "django 6.1.3 CVE-1"),
        ("echo 'Max retries exceeded' >&2; exit 1", 2, UNREACHABLE),
    ],
)
def test_an_audit_says_what_it_found_or_that_it_compared_nothing(
    checkout: Path, body: str, status: int, told: str
) -> None:
    program(checkout / ".tools/audit/bin/pip-audit", body)
    shutil.copy(checkout / ".make/audit.lock", checkout / ".tools/audit/installed.lock")
    done = run(checkout, ".make/audit", "vulnerabilities")
    assert done.returncode == status
    assert told in done.stdout + done.stderr

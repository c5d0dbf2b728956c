"""Time from a clean clone to the first answer, step by step, with the wheels already downloaded."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools.bench.infrastructure import HOST, free_port
from tools.bench.table import Row, measure_section

ROOT = Path(__file__).resolve().parents[2]
OURS = ("DATABASE_", "PAKTALEEM_", "BENCH_", "MAKE", "MFLAGS", "DJANGO_")
SECONDS_AT_MOST = 300
OK = 200
MAKING, FILLING = "Creating the tables", "Loading the sample data"


def clone_rows(environment: Mapping[str, str]) -> list[Row]:
    """Measure from nothing to an answer, in the environment in which this process was started."""
    return measure_section(Row("clean clone to the first answer", ""), lambda: [_row(_clean(environment))])


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without variables that name another database, with uv on the PATH."""
    kept = {name: value for name, value in environment.items() if not name.startswith(OURS)}
    return kept | {"PATH": f"{ROOT / '.tools/uv/bin'}{os.pathsep}{kept['PATH']}", "PYTHONUNBUFFERED": "1"}


def _row(environment: Mapping[str, str]) -> Row:
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-bench-"))
    folder.chmod(0o755)
    try:
        steps = list(_steps(folder / "clone", environment))
    finally:
        shutil.rmtree(folder)
    description = ", ".join(f"{what} {seconds:.1f}" for what, seconds in steps)
    return Row("clean clone to the first answer", f"{sum(seconds for _, seconds in steps):.1f} s: {description}")


def _steps(clone: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    yield "git clone", _taken(["git", "clone", "--quiet", str(ROOT), str(clone)], clone.parent, environment)
    _taken(["make", "install"], clone, environment)
    shutil.rmtree(clone / ".venv")
    yield "make install", _taken(["make", "install"], clone, environment)
    port, file = free_port(), clone / "demo.json"
    began = time.monotonic()
    with _demonstration(clone, port, file, environment) as process:
        for what, ended in _ended_steps(process, file):
            yield what, ended - began
            began = ended
        description = json.loads(file.read_text())
        _ask(description["base_url"], description["clients"][0]["api_key"])
        yield "first decision", time.monotonic() - began


def _taken(command: list[str], folder: Path, environment: Mapping[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


@contextmanager
def _demonstration(
    clone: Path, port: int, file: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run ``make run`` in its own session, and end it afterwards as Ctrl-C would."""
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}", f"JSON={file}"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.communicate(timeout=SECONDS_AT_MOST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _ended_steps(process: subprocess.Popen[str], file: Path) -> Iterator[tuple[str, float]]:
    """Parse the progress output of ``make run``, and yield each step when it has ended."""
    if process.stdout is None:
        raise RuntimeError("The demonstration's output is not read.")
    step = "database made"
    for line in process.stdout:
        if line.startswith(MAKING):
            yield step, time.monotonic()
            step = "tables made"
        elif line.startswith(FILLING):
            yield step, time.monotonic()
            step = "demonstration filled and served"
            break
    ends_at = time.monotonic() + SECONDS_AT_MOST
    while not file.exists():
        if process.poll() is not None or time.monotonic() > ends_at:
            raise RuntimeError(f"The demonstration was not served; it ended with {process.poll()}.")
        time.sleep(0.01)
    yield step, time.monotonic()


def _ask(base_url: str, api_key: str) -> None:
    question = {
        "subject": {"type": "end_user", "id": "nobody-yet"},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "service_delivery"},
    }
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json", "Host": HOST}
    address = f"{base_url}/access/v1/evaluation"
    request = urllib.request.Request(address, json.dumps(question).encode(), headers)  # noqa: S310 -- our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own server
        if answer.status != OK or "decision" not in json.load(answer):
            raise RuntimeError("The first question was not answered.")

"""A real demonstration in its own process, for its tests and for tests that need a running portal."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paktaleem.office.demo import supervision
from tests.demo.filled import copy_filled

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300
free_port = supervision.free_port


class Demonstration:
    """One `manage.py demo` with its own folder and port; ``values`` is what it wrote for scripts."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.values: dict[str, Any] = {}
        self.first: dict[str, Any] = {}
        self.process: subprocess.Popen[str] | None = None

    @property
    def file(self) -> Path:
        return self.folder / f"{self.port}.json"

    @property
    def environment(self) -> dict[str, str]:
        mine = {"PAKTALEEM_DATA_DIR": str(self.folder)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "PAKTALEEM_"))}
        return kept | mine

    def start(self, *options: str) -> "Demonstration":
        self.process = self.begin(*options)
        ends_at = time.monotonic() + PATIENCE
        while not self.file.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < ends_at, "the demonstration did not become ready"
            time.sleep(0.02)
        self.values = json.loads(self.file.read_text())
        self.first = self.first or self.values
        return self

    def begin(self, *options: str) -> subprocess.Popen[str]:
        self.file.unlink(missing_ok=True)
        command = ["demo", "--port", str(self.port), "--json", str(self.file), *options]
        return self.manage(*command)

    def manage(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        assert self.process is not None
        self.process.send_signal(how)
        return said(self.process)

    def run_task(self, name: str) -> None:
        """Have its worker run a periodic task now, instead of at the next full minute."""
        status, output, errors = said(self.manage("procrastinate", "defer", name, '{"timestamp": 0}'))
        assert status == 0 or "AlreadyEnqueued" in errors, output + errors

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return ask(f"{self.values['base_url']}{path}")

    def left_running(self) -> dict[int, str]:
        return processes_with(f"PAKTALEEM_DATA_DIR={self.folder}")


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def ask(url: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- our own server
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {}


def processes_with(setting: str) -> dict[int, str]:
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if setting.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return {pid: command for pid, command in found.items() if command}


@contextmanager
def running_demonstration() -> Iterator[Demonstration]:
    """Yield a running demonstration on a copy of this run's filled one; remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-demo-")).resolve()
    folder.chmod(0o755)
    demonstration = Demonstration(folder)
    try:
        copy_filled(folder, demonstration.environment)
        yield demonstration.start()
    finally:
        if demonstration.process is not None and demonstration.process.poll() is None:
            demonstration.end()
        shutil.rmtree(folder)

"""The example units: systemd accepts them, their commands start, and both web processes count together."""

import configparser
import http.client
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paktaleem.office.demo.supervision import running
from tests.demo.running import PATIENCE, free_port
from tests.metrics.test_metrics import samples
from tests.serving import KILLED_SERVER, call, environment_of_server, is_alive

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in {".service", ".timer"})
SETTINGS = ("paktaleem/settings.py", "paktaleem/foundation/operations/metrics.py", "docs/deploy/backup.sh")
TOKEN = "a token that only the monitoring of this test knows"
HOME = "/srv/paktaleem/"
ANALYZE = shutil.which("systemd-analyze")


def commands(unit):
    lines = (DEPLOY / unit).read_text().splitlines()
    return [line.partition("=")[2].split() for line in lines if line.startswith("ExecStart")]


def here(words, **replaced):
    program = Path(words[0]).name
    assert program == "python"
    return [sys.executable, *(replaced.get(word, word) for word in words[1:])]


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed: no systemd here")
def test_systemd_accepts_the_units(tmp_path):
    home = tmp_path / "home"
    file = home / ".venv" / "bin" / "python"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    for unit in UNITS:
        (tmp_path / unit).write_text((DEPLOY / unit).read_text().replace(HOME, f"{home}/"))
    done = subprocess.run(
        [str(ANALYZE), "verify", "--recursive-errors=no", *(str(tmp_path / unit) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "paktaleem" in line]
    assert (complaints, done.returncode) == ([], 0), done.stderr


def test_the_files_name_settings_that_exist():
    known = "".join((ROOT / file).read_text() for file in SETTINGS)
    files = [(DEPLOY / name).read_text().splitlines() for name in ("portal.env", "owner.env", "backup.env")]
    names = [line.partition("=")[0] for lines in files for line in lines if line[:1].isupper()]
    assert [name for name in names if f'"{name}"' not in known and f"${name}" not in known] == []
    for unit in UNITS:
        parsed = configparser.ConfigParser(strict=False, interpolation=None)
        parsed.read_string((DEPLOY / unit).read_text())
        assert parsed.sections()[0] == "Unit"


@pytest.fixture
def started(committed, monkeypatch, tmp_path):
    (tmp_path / "run").mkdir()
    values = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "run"), "LOG_FORMAT": "json"}
    for name, value in {**environment_of_server(), **values}.items():
        monkeypatch.setenv(name, value)
    port = free_port()
    [serve] = commands("paktaleem-web.service")
    [_check, work] = commands("paktaleem-worker.service")
    # The tests' own PostgreSQL is not durable, so the portal itself refuses to start on it.
    server = [*here(serve, **{"8000": str(port)}), "--application", KILLED_SERVER]
    programs = [("web", server), ("worker", here(work))]
    with running(programs, tmp_path / "logs") as [web, worker]:
        ends_at = time.monotonic() + PATIENCE
        while not is_alive(port):
            web.check()
            assert time.monotonic() < ends_at
            time.sleep(0.05)
        yield port, tmp_path / "logs"
        worker.check()


def test_the_commands_start_log_json_and_count_together(started):
    port, logs = started
    for _ in range(20):  # each on a new connection, so that both processes answer
        assert call(port, "GET", "/healthz")[0] == 200
    status, _, body = call(port, "GET", "/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert samples(body.decode())["paktaleem_requests_total", "2xx", "public"] >= 20
    with_address = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with_address.request("GET", "/metrics")
    assert with_address.getresponse().status == 401
    with_address.close()
    lines = [line for line in (logs / "web.log").read_text().splitlines() if line.strip()]
    assert lines
    assert [line for line in lines if not isinstance(json.loads(line), dict)] == []

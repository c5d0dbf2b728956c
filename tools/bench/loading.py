"""Load generation: pgbench for the database, wrk or our own client for the web server, and CPU time per process.

The generator and the measured servers share one machine, possibly with other load. So every rate is shown with the
CPU time per answer, which is affected least by a busy machine.
"""

import json
import multiprocessing
import os
import re
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from paktaleem.foundation.embedded.layout import Endpoint, find_binaries, server_account

CONNECTIONS = 8
OK = {200, 201}


@dataclass(frozen=True, slots=True)
class Load:
    """Results under load; times in milliseconds, CPU in microseconds per answer."""

    rate: float
    mean: float
    p50: float = 0.0
    p99: float = 0.0
    web_cpu: float = 0.0
    database_cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Site:
    """A web server and its database server."""

    port: int
    web: int
    postgres: int


def pgbench(endpoint: Endpoint, url: str, script: str, seconds: int) -> Load:
    """Run a script with prepared statements on 8 connections, as the app role."""
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-bench-"))
    program = find_binaries(server_account(folder), copies=folder / "binaries").folder / "pgbench"
    (folder / "script.sql").write_text(script)
    command = [str(program), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2", "-T", str(seconds)]
    before = _cpu_of(endpoint.pid)
    try:
        said = subprocess.run(
            [*command, "-f", str(folder / "script.sql"), url], capture_output=True, text=True, check=True
        ).stdout
    finally:
        shutil.rmtree(folder)
    done = int(_found(r"actually processed: (\d+)", said))
    used = _cpu_of(endpoint.pid) - before
    return Load(_found(r"tps = ([\d.]+)", said), _found(r"latency average = ([\d.]+)", said), database_cpu=used / done)


def generator() -> str:
    """Return the name of the load generator available on this machine."""
    return "wrk" if shutil.which("wrk") else "python"


def drive(site: Site, requests: Sequence[bytes], seconds: int, *, settled_after: float = 0) -> Load:
    """Send these requests over 8 persistent connections. Raises RuntimeError if any response is not a success.

    CPU is read ``settled_after`` seconds later, to include what is written after the answers.
    """
    before = _cpu_of(site.web), _cpu_of(site.postgres)
    measured = (_by_wrk if generator() == "wrk" else _by_python)(site.port, requests, seconds)
    time.sleep(settled_after)
    web, database = _cpu_of(site.web) - before[0], _cpu_of(site.postgres) - before[1]
    done = measured["done"]
    if measured["failed"] or not done:
        raise RuntimeError(f"{measured['failed']} of {done} answers were no success.")
    return Load(
        rate=done / measured["seconds"],
        mean=measured["mean"],
        p50=measured["p50"],
        p99=measured["p99"],
        web_cpu=web / done,
        database_cpu=database / done,
    )


def request_bytes(path: str, key: str, body: object, **headers: str) -> bytes:
    """Return one POST request as bytes on the wire."""
    content = json.dumps(body).encode()
    given = {"Host": "127.0.0.1", "Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content


def ask_all(port: int, requests: Sequence[bytes]) -> None:
    """Send every request over each of 8 connections, so that every server process has handled each."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    for request in requests:
        for each in sockets:
            each.sendall(request)
        for each in sockets:
            _answer(each)
    for each in sockets:
        each.close()


LUA = """
local file = io.open(os.getenv("BENCH_REQUESTS"), "rb")
local ready, at = {}, 0
while true do
  local length = file:read("*l")
  if not length then break end
  ready[#ready + 1] = file:read(tonumber(length))
end
function request() at = at % #ready + 1 return ready[at] end
function done(summary, latency)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format('{"done": %d, "failed": %d, "seconds": %f, "mean": %f, "p50": %f, "p99": %f}',
    summary.requests, bad, summary.duration / 1e6, latency.mean / 1e3,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


def _by_wrk(port: int, requests: Sequence[bytes], seconds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder, "load.lua"), Path(folder, "requests")
        script.write_text(LUA)
        data.write_bytes(b"".join(b"%d\n%b" % (len(one), one) for one in requests))
        said = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{CONNECTIONS}",
                f"-d{seconds}s",
                "--timeout",
                "60s",
                "-s",
                script,
                f"http://127.0.0.1:{port}/",
            ],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "BENCH_REQUESTS": str(data)},
        ).stdout
    measured: dict[str, float] = json.loads(said[said.index('{"done"') :])
    return measured


def _by_python(port: int, requests: Sequence[bytes], seconds: int) -> dict[str, float]:
    halves = [(port, requests[half::2], seconds) for half in range(2)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = pool.starmap(_connections, halves)
    times = sorted(taken for found, _ in results for taken in found)
    return {
        "done": len(times),
        "failed": sum(failed for _, failed in results),
        "seconds": seconds,
        "mean": sum(times) / len(times) * 1000,
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
    }


def _connections(port: int, requests: Sequence[bytes], seconds: int) -> tuple[list[float], int]:
    chooser, upcoming = selectors.DefaultSelector(), cycle(requests)
    sent, times, failed = {}, [], 0
    for _ in range(CONNECTIONS // 2):
        link = socket.create_connection(("127.0.0.1", port))
        chooser.register(link, selectors.EVENT_READ)
        link.sendall(next(upcoming))
        sent[link] = time.perf_counter()
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        for key, _ in chooser.select(1):
            connection: socket.socket = key.fileobj  # type: ignore[assignment]  # only sockets are registered
            failed += _answer(connection) not in OK
            now = time.perf_counter()
            times.append(now - sent[connection])
            sent[connection] = now
            connection.sendall(next(upcoming))
    return times, failed


def _answer(link: socket.socket) -> int:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += link.recv(65536) or _broken()
    head = data[:end].lower()
    length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
    while len(data) < end + 4 + length:
        data += link.recv(65536) or _broken()
    return int(head.split(b" ", 2)[1])


def _broken() -> bytes:
    raise RuntimeError("The server closed the connection.")


def _found(pattern: str, text: str) -> float:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"pgbench said nothing of {pattern!r}:\n{text}")
    return float(match[1])


def _cpu_of(pid: int) -> float:
    ticks = sum(sum(map(int, fields[11:15])) for fields in _family(pid))
    return ticks * 1e6 / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[list[str]]:
    known = {each: fields for each in Path("/proc").iterdir() if each.name.isdigit() and (fields := _stat(each))}
    wanted = {str(pid)}
    while True:
        more = {each.name for each, fields in known.items() if fields[1] in wanted} - wanted
        if not more:
            break
        wanted |= more
    yield from (fields for each, fields in known.items() if each.name in wanted)


def _stat(process: Path) -> list[str] | None:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None

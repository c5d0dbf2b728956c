"""Workers of a killed web server end, also one that was still starting, beside another one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import multiprocessing, os, signal, sys, time
from paktaleem.foundation.operations.startup.parent import end_with_server

def start_late(server):
    while os.getppid() == server:
        time.sleep(0.01)
    end_with_server()
    time.sleep(60)

def watch(other, server):
    while os.getppid() == server:
        time.sleep(0.01)
    for _ in range(3000):
        if not os.path.exists(f"/proc/{other}") or "State:\\tZ" in open(f"/proc/{other}/status").read():
            return print("ended", flush=True)
        time.sleep(0.01)
    print("kept the port", flush=True)

if __name__ == "__main__":
    fork = multiprocessing.get_context("fork")
    late = fork.Process(target=start_late, args=(os.getpid(),))
    late.start()
    fork.Process(target=watch, args=(late.pid, os.getpid())).start()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_that_starts_after_its_server_was_killed_ends() -> None:
    command = [sys.executable, "-c", SERVER]
    server = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert server.stdout == "ended\n", server.stderr

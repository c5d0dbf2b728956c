"""Runs a program that works in chunks (``tests.faults.sweeping``) and kills it (SIGKILL) in the middle of some."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.serving import environment_of_server

ROOT = Path(__file__).resolve().parents[2]


def run_killed(client_id, act, key, *, size, kills, at, chance):
    """Run the program, killed ``kills`` times at any point of the chunk after some; return how often it was killed."""
    settings = {"DJANGO_SETTINGS_MODULE": "paktaleem.settings", "PYTHONDONTWRITEBYTECODE": ""}  # compiles modules once
    environment = {**os.environ, **environment_of_server(), **settings}
    command = [sys.executable, "-m", "tests.faults.sweeping", str(client_id), act, str(key), str(size), at.isoformat()]
    killed = 0
    for number in range(kills + 1):
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        if number < kills:
            lines = [child.stdout.readline() for _ in range(chance.randint(1, 3))]
            time.sleep(chance.uniform(0, 0.02))
            if lines[-1] == "chunk\n":
                os.kill(child.pid, signal.SIGKILL)
                killed += 1
        said, _ = child.communicate()
        assert child.returncode in {0, -signal.SIGKILL}
        assert child.returncode or said.endswith("done\n")
    return killed

"""Peak memory and duration of a command.

The command is started by a small process of its own (this module, run as a program), because the peak that the system
reports for a command includes the peak of the process that started it: resource usage is preserved across execve
(getrusage(2)). The benchmark itself, which generates the roster, is larger than the import that it measures.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_measured(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command in the project's folder; return its peak memory in megabytes (2**20 bytes) and its seconds.

    Its output is discarded. Raises CalledProcessError if it fails.
    """
    starter = [sys.executable, "-m", "tools.bench.peak", *command]
    found = subprocess.run(starter, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    peak, seconds = json.loads(found.stdout)
    return peak, seconds


def main(command: Sequence[str]) -> int:
    """Run the command, print its peak memory and its seconds as JSON, and return its exit status."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    per_megabyte = 2**20 if sys.platform == "darwin" else 2**10
    sys.stdout.write(json.dumps([used.ru_maxrss / per_megabyte, time.monotonic() - began]))
    process.returncode = os.waitstatus_to_exitcode(status)
    return abs(process.returncode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

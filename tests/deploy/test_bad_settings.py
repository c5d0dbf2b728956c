"""Every process with a setting that cannot be read ends with status 2 and one line that names it, not its value."""

import os
import subprocess
import sys

import pytest

from paktaleem.settings import BASE_DIR


@pytest.mark.parametrize("command", ["check", "procrastinate worker"])
def test_a_setting_that_cannot_be_read_is_named_in_one_line(command):
    environment = {**os.environ, "NOTICE_DAYS": "thirty-secret"}
    arguments = [sys.executable, "manage.py", *command.split()]
    done = subprocess.run(arguments, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "NOTICE_DAYS cannot be read: see its format in docs/operator.md.\n"

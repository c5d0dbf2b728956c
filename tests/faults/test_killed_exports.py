"""A process killed (SIGKILL) while it writes a large export: the next job writes the whole file, and it counts once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from paktaleem.directory.files.exports.models import ExportChunk, ExportState
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.cast import Cast
from tests.console.test_exports import plant
from tests.exports.ordering import fetch, ordered, reread, written
from tests.exports.test_large_exports import ids_in, people_of
from tests.serving import environment_of_server
from tests.signing_in import browser_of

ROOT = Path(__file__).resolve().parents[2]


def test_a_killed_export_is_written_again_and_whole(committed: Cast) -> None:
    plant(committed, [f"lms-many-{number}" for number in range(60_000)])
    row = ordered(committed, committed.actor("farah"))
    environment = {**os.environ, **environment_of_server(), "DJANGO_SETTINGS_MODULE": "paktaleem.settings"}
    command = [sys.executable, "-m", "tests.faults.exporting", str(row.client_id), str(row.pk)]
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    ends_at = time.monotonic() + 60
    while not reread(row).done:
        assert time.monotonic() < ends_at
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    half = reread(row)
    assert (half.state, half.attempts) == (ExportState.WRITING, 1)
    assert 0 < half.done < 60_000
    refused = fetch(browser_of(committed.user("farah")), half)
    assert not refused.get("Content-Disposition"), "half a file is not given out"
    whole = written(row)
    expected = people_of(committed, "indus")
    assert (whole.state, whole.attempts, whole.done) == (ExportState.READY, 2, len(expected))
    assert ids_in(fetch(browser_of(committed.user("farah")), whole)) == expected
    with in_client(row.client_id):
        assert Entry.objects.filter(kind="list.exported").count() == 1
        numbers = list(ExportChunk.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(len(numbers)))

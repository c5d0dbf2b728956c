"""The benchmarks and other tools: that they start, their measurement of memory, and that their SQL fits the tables."""

import os
import re
import subprocess
import sys
from subprocess import CalledProcessError

import psycopg
import pytest
from django.db import connections

from paktaleem.foundation.embedded.layout import SUPERUSER
from tests.database import template_ready
from tools.bench import world
from tools.bench.peak import run_measured
from tools.bench.requests import CONSENT

MEGABYTE = 2**20
TOOLS = ("tools.bench.__main__", "tools.docs", "tools.messages", "tools.plain_words", "tools.screenshots", "tools.size")


def test_the_tools_start_without_settings():
    without = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", f"import {', '.join(TOOLS)}"], env=without, check=True)


def test_the_peak_memory_of_a_command_excludes_the_process_that_starts_it():
    held = bytearray(200 * MEGABYTE)
    peak, _ = run_measured(["true"], os.environ)
    assert len(held) == 200 * MEGABYTE
    assert peak < 100


def test_the_peak_memory_of_a_command_includes_what_it_frees():
    peak, seconds = run_measured([sys.executable, "-S", "-c", f"del [bytearray(200 * {MEGABYTE})][0]"], os.environ)
    assert 200 < peak < 300
    assert seconds > 0


def test_a_command_that_fails_is_an_error():
    with pytest.raises(CalledProcessError):
        run_measured(["false"], os.environ)


@pytest.mark.django_db
def test_the_world_and_the_writes_of_a_consent_fit_the_tables():
    filled = (world.ANSWERS, world.EVENTS, world.CONSENTS)
    with psycopg.connect(template_ready().url(SUPERUSER, str(connections.databases["default"]["NAME"]))) as link:
        world.add_people(link, *filled, people=2, clients=3)
        link.execute("SET session_replication_role = replica")
        for write in _statements(CONSENT):
            link.execute(write)
        assert link.execute("SELECT status FROM web_keptanswer").fetchall() == [(201,)]
        link.rollback()


def _statements(script):
    script = re.sub(r":(tenant|subject|event)::uuid", "'019b0000-0000-7000-8000-000000000001'::uuid", script)
    script = re.sub(r":event::bytea", "'event'::bytea", script).replace("\\gset", ";")
    script = re.sub(r"(?<!:):(client|person)", "1", script)
    within = script.partition("BEGIN;")[2].partition("COMMIT;")[0]
    return [part.encode() for part in within.split(";") if part.strip()]

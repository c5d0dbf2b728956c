"""The units are started for real: every command of each, with its own settings, on a durable PostgreSQL of roles.sql.

It is a first start as docs/deploy/README.md says it: roles, migrations, web server, worker, backup, doctor.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from paktaleem.foundation.embedded.cluster import Cluster
from paktaleem.foundation.embedded.layout import APP, BACKUP, OWNER, SUPERUSER
from paktaleem.foundation.encryption.keyring import new_keyring_text
from paktaleem.office.demo.supervision import Child
from paktaleem.settings import BASE_DIR
from tests.database import template_ready
from tests.demo.running import PATIENCE, free_port
from tests.mail.server import mail_server
from tests.serving import call

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
DATABASE, HOST = "paktaleem", "privacy.school.example"
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz-"
MONTHS = 60 * 86_400

_ROLES = """
SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconfig
  FROM pg_roles WHERE rolname LIKE 'paktaleem%' ORDER BY 1
"""
_MEMBERSHIPS = """
SELECT roleid::regrole::text, member::regrole::text, admin_option, inherit_option, set_option
  FROM pg_auth_members WHERE member::regrole::text LIKE 'paktaleem%' ORDER BY 1, 2
"""
_ACCESS = """
SELECT (SELECT array_agg(acl::text ORDER BY acl::text) FROM pg_database, unnest(datacl) acl
         WHERE datname = current_database()),
       (SELECT array_agg(acl::text ORDER BY acl::text) FROM pg_namespace, unnest(nspacl) acl WHERE nspname = 'public')
"""


def run_roles_file(endpoint):
    text = "\n".join(line for line in (DEPLOY / "roles.sql").read_text().splitlines() if not line.startswith("--"))
    first, then = text.split(f"\\connect {DATABASE}")
    for database, part in (("postgres", first), (DATABASE, then)):
        with psycopg.connect(endpoint.url(SUPERUSER, database), autocommit=True) as link:
            for statement in part.split(";"):
                if statement.strip():
                    link.execute(statement)
            for role in (OWNER, APP, BACKUP):
                link.execute(f"ALTER ROLE {role} PASSWORD '{endpoint.passwords[role]}'")


class Installation:
    """A host with the portal: its folder, its PostgreSQL, and the values that an operator fills in."""

    def __init__(self, folder, endpoint, mail_port):
        self.folder, self.endpoint = folder, endpoint
        for name in ("state", "backups", "run", "cache", "tmp"):
            (folder / name).mkdir()
        keys = folder / "keys.json"
        keys.write_text(new_keyring_text())
        keys.chmod(0o600)
        self.values = {
            "DATABASE_URL": endpoint.url(APP, DATABASE),
            "DATABASE_OWNER_URL": endpoint.url(OWNER, DATABASE),
            "DATABASE_BACKUP_URL": endpoint.url(BACKUP, DATABASE),
            "SECRET_KEY": SECRET,
            "METRICS_TOKEN": f"{SECRET}1",
            "SECURITY_FEED_TOKEN": f"{SECRET}2",
            "PAKTALEEM_KEYS_FILE": str(keys),
            "ERASURE_LIST_FILE": str(folder / "state" / "erasures.jsonl"),
            "STATIC_ROOT": str(folder / "static"),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "run"),
            "BACKUP_KEY_FILE": str(folder / "backup-key.asc"),
        }

    def read_unit(self, name):
        lines = [line.partition("=") for line in (DEPLOY / name).read_text().splitlines()]
        environment = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "TMPDIR": str(self.folder / "tmp")}
        for key, _, value in lines:
            if key == "EnvironmentFile":
                given = (DEPLOY / Path(value).name).read_text().splitlines()
                settings = dict(line.split("=", 1) for line in given if line and not line.startswith("#"))
                environment |= {setting: self.values.get(setting, example) for setting, example in settings.items()}
            elif key == "Environment":
                environment |= dict([value.replace("/var/cache/paktaleem", str(self.folder / "cache")).split("=", 1)])
            elif key == "StateDirectory":
                environment["STATE_DIRECTORY"] = str(self.folder / ("backups" if "backups" in value else "state"))
        for key, _, value in lines:
            if key == "UnsetEnvironment":
                environment.pop(value, None)
        commands = [here(value.split()) for key, _, value in lines if key in {"ExecStartPre", "ExecStart"}]
        return commands, environment

    def run(self, commands, environment):
        for command in commands:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def run_unit(self, name):
        self.run(*self.read_unit(name))


def here(words):
    return [sys.executable if Path(words[0]).name == "python" else words[0], *words[1:]]


@pytest.fixture
def installation():
    folder = Path(tempfile.mkdtemp(prefix="paktaleem-services-")).resolve()
    folder.chmod(0o755)
    cluster = Cluster(folder / "postgres")
    try:
        endpoint = cluster.ensure_running()
        run_roles_file(endpoint)
        with mail_server() as mail:
            yield Installation(folder, endpoint, mail.port)
    finally:
        cluster.destroy()
        shutil.rmtree(folder)


def read_roles(address):
    with psycopg.connect(address) as link:
        return [link.execute(query).fetchall() for query in (_ROLES, _MEMBERSHIPS, _ACCESS)]


def make_backup_key(folder):
    home = folder / "operator"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"]
    subprocess.run([*gpg, "--quick-generate-key", "backups@school.example"], check=True, capture_output=True)
    exported = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True)
    (folder / "backup-key.asc").write_bytes(exported.stdout)
    return gpg


def wait_until_ready(port, process):
    ends_at = time.monotonic() + PATIENCE
    while True:
        process.check()
        try:
            answer = call(port, "GET", "/readyz", Host=HOST)
        except OSError:
            assert time.monotonic() < ends_at
            time.sleep(0.05)
        else:
            return answer


@contextmanager
def started(command, environment, log):
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    child = Child(log.stem, process, log)
    try:
        yield child
    finally:
        process.terminate()
        child.end(time.monotonic() + PATIENCE)


def test_roles_sql_makes_the_roles_of_the_trial(installation, committed):
    there = template_ready().url(SUPERUSER, str(connections.databases["default"]["NAME"]))
    assert read_roles(installation.endpoint.url(SUPERUSER, DATABASE)) == read_roles(there)


def test_every_unit_starts_on_a_new_host(installation):
    folder = installation.folder
    installation.run_unit("paktaleem-migrate.service")
    [doctor], settings = installation.read_unit("paktaleem-doctor.service")
    installation.run([[sys.executable, "manage.py", "collectstatic", "--no-input"]], settings)
    [serve], web_settings = installation.read_unit("paktaleem-web.service")
    [*checks, work], work_settings = installation.read_unit("paktaleem-worker.service")
    installation.run(checks, work_settings)
    port = free_port()
    serve = [str(port) if word == "8000" else word for word in serve]
    with (
        started(serve, web_settings, folder / "web.log") as web,
        started(work, work_settings, folder / "worker.log") as worker,
    ):
        status, _, body = wait_until_ready(port, web)
        assert (status, json.loads(body)) == (200, {"status": "ready"})
        assert list((folder / "cache").rglob("findings*.pyc")), "compiled code was not kept"
        check_backup(installation)
        assert find_parts_to_mend(doctor, settings) == ["drills"], "all else of a new host is in order"
        worker.check()


def check_backup(installation):
    folder = installation.folder
    gpg = make_backup_key(folder)
    old = folder / "backups" / "portal-20260101T000000Z.dump.gpg"
    old.write_text("of another year")
    os.utime(old, (time.time() - MONTHS,) * 2)
    installation.run_unit("paktaleem-daily.service")
    [made] = (folder / "backups").iterdir()
    opened = subprocess.run([*gpg, "--decrypt", str(made)], check=True, capture_output=True)
    subprocess.run(["gpgconf", "--homedir", str(folder / "operator"), "--kill", "all"], check=True)
    assert opened.stdout.startswith(b"PGDMP")
    assert b"PGDMP" not in made.read_bytes()
    assert list((folder / "tmp").iterdir()) == []
    assert list((folder / "state").iterdir()) == []


def find_parts_to_mend(doctor, settings):
    ends_at = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run([*doctor, "--json"], cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
        parts = [line["part"] for line in json.loads(done.stdout) if line["state"] != "ok"]
        if "worker" not in parts or time.monotonic() > ends_at:
            return parts


# Every process with a setting that cannot be read ends with status 2 and one line that names it, not its value.
@pytest.mark.parametrize("command", ["check", "procrastinate worker"])
def test_a_setting_that_cannot_be_read_is_named_in_one_line(command):
    environment = {**os.environ, "NOTICE_DAYS": "thirty-secret"}
    arguments = [sys.executable, "manage.py", *command.split()]
    done = subprocess.run(arguments, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "NOTICE_DAYS cannot be read: see its format in docs/operator.md.\n"

"""``manage.py demo``: serve the portal with sample data in the foreground until Ctrl-C."""

import fcntl
import http.client
import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection, connections

from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.accounts.middleware import EVALUATION
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.embedded.layout import APP, OWNER, Endpoint, write_atomically
from paktaleem.foundation.embedded.roles import drop_database, ensure_database
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.operations import is_too_old, missing_migrations
from paktaleem.office.demo.loading import SecretsLost, client_ids, fill_demonstration
from paktaleem.office.demo.people import SAMPLE, DemoSecrets, external_id_of
from paktaleem.office.demo.supervision import Child, ChildDied, free_port, name_holder, running, start, web_program
from paktaleem.office.demo.trial import DATABASE, Terminated, data_folder, trial_cluster
from paktaleem.server import is_port_free

HOST = "127.0.0.1"
OK = 200
SECONDS_TO_BE_READY = 60
SECONDS_TO_FREE_PORT = 10
"""Time that the servers of a killed demonstration have to end; the kernel terminates them with it."""
PAUSE = 0.05
_WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "2"]
SECONDS_BETWEEN_LOOKS = 1.0
SECRETS = "demonstration.json"
CONFLICT = 2
"""Exit status if the port is taken, another demonstration runs, or a database is configured."""


_PAGES = (
    ("Console", "/admin/"),
    ("API documentation", "/api/docs/"),
    ("OpenAPI", "/api/schema/"),
    ("Privacy pages", "/privacy/"),
    ("Alive, ready", "/healthz"),
    ("", "/readyz"),
)


def _describe(base_url: str, kept: DemoSecrets, **more: object) -> dict[str, object]:
    return {"base_url": base_url, "sign_ins": list(_sign_ins(kept)), "clients": list(_clients(kept)), **more}


def _sign_ins(kept: DemoSecrets) -> Iterator[dict[str, object]]:
    for text in SAMPLE.staff:
        for role, client in text.memberships:
            yield {
                "email": text.email,
                "password": kept.passwords[text.email],
                "totp_secret": kept.totp_secrets[text.email],
                "role": role,
                "client": client,
            }


def _clients(kept: DemoSecrets) -> Iterator[dict[str, object]]:
    ids = client_ids()
    for text in SAMPLE.clients:
        with in_client(ids[text.code]):
            client = Client.objects.get(id=ids[text.code])
        yield {
            "id": str(client.id),
            "code": client.code,
            "api_key": kept.api_keys[client.code],
            "time_zone": client.time_zone,
            "serves_minors": client.serves_minors,
        }


def _first_query(base_url: str, api_key: str) -> str:
    """Return a shell command that queries whether a student who was not asked may receive the newsletter."""
    question = {
        "subject": {"type": "end_user", "id": external_id_of("talha")},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "newsletter"},
    }
    return (
        f"curl -s {base_url}{EVALUATION} -H 'Authorization: Bearer {api_key}'"
        f" -H 'Content-Type: application/json' -d '{json.dumps(question)}'"
    )


def _lines(description: dict[str, Any]) -> Iterator[str]:
    base = description["base_url"]
    yield ""
    yield f"PakTaleem privacy portal: {base}"
    for label, path in _PAGES:
        yield f"  {label:<22}{base}{path}"
    yield ""
    yield "Sign-ins at the console:"
    for one in description["sign_ins"]:
        yield f"  {one['email']:<26}{one['password']:<20}{one['role']} at {one['client']}"
    yield ""
    yield "API keys:"
    for client in description["clients"]:
        yield f"  {client['code']:<10}{client['api_key']}"
    yield ""
    yield "Query a first decision:"
    yield f"  {_first_query(base, description['clients'][0]['api_key'])}"
    yield ""
    yield "Press Ctrl-C to stop; the next start uses the same data."


class Command(BaseCommand):
    """Prepare and serve the demonstration; leave no process running."""

    help = "Serve a demonstration with sample data until Ctrl-C; --fresh starts over."
    requires_system_checks: list[str] = []  # `make check` runs them; skipped for a quick start

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Port on 127.0.0.1.")
        parser.add_argument(
            "--json", type=Path, metavar="FILE", help="Write URLs and credentials here once it is ready."
        )
        parser.add_argument("--fresh", action="store_true", help="Start over with an empty database.")

    def handle(self, *_: Any, **options: Any) -> None:
        port, file = options["port"], options["json"]
        folder, endpoint = data_folder(), _own_endpoint()
        try:
            with _single_instance(folder / "demo.lock") as earlier_was_killed:
                _require_free_port(port, seconds=SECONDS_TO_FREE_PORT if earlier_was_killed else 0)
                if file is not None:
                    file.unlink(missing_ok=True)  # a file of an earlier start must not be mistaken for this one's
                portal = settings.PUBLIC_URL = os.environ["PUBLIC_URL"] = f"http://{HOST}:{port}"
                self._prepare(folder, endpoint, fresh=options["fresh"])
                worker_before = _latest_worker()
                self._say("Starting the web server and the worker …")
                programs = [("web", web_program(HOST, port)), ("worker", _WORKER)]
                with running(programs, folder / "log") as children:  # they start while the database is filled
                    kept = self._fill(folder, portal=portal)
                    children.append(start("receiver", _receiver(folder), folder / "log"))
                    self._say("Waiting for the web server to answer …")
                    _wait_until(children, lambda: _is_alive(port))
                    self._say("Waiting for the worker to take jobs …")
                    _wait_until(children, lambda: _latest_worker() > worker_before)
                    web, worker, _receiver_pid = [child.process.pid for child in children]
                    description = _describe(
                        portal,
                        kept,
                        database={"app": endpoint.url(APP, DATABASE), "owner": endpoint.url(OWNER, DATABASE)},
                        pids={"web": web, "worker": worker, "postgres": endpoint.pid},
                        mail_dir=str(folder / "mail"),
                    )
                    self.stdout.write("\n".join(_lines(description)))
                    self.stdout.flush()
                    if file is not None:
                        write_atomically(file, json.dumps(description, indent=2) + "\n")
                    connections.close_all()
                    _watch(children)
        except (KeyboardInterrupt, Terminated):
            self.stdout.write("Ended.")
        except SecretsLost:
            _refuse("The file with the passwords of the demonstration is lost. Start over: manage.py demo --fresh.")
        except ChildDied as error:
            raise CommandError(str(error)) from error

    def _prepare(self, folder: Path, endpoint: Endpoint, *, fresh: bool) -> None:
        mail = folder / "mail"
        if fresh:
            _start_over(endpoint, folder / SECRETS, mail)
            Path(settings.ERASURE_LIST_FILE).unlink(missing_ok=True)  # it belongs to the deleted database
        mail.mkdir(mode=0o700, exist_ok=True)
        os.environ["MAIL_FOLDER"] = str(mail)
        os.environ |= {"CHECK_FOLDER": str(mail), "CHECK_KEY": new_secret()}
        # the same as in the web and worker processes
        settings.CHECK_PROVIDERS = {"folder": "children.guardians.providers.FolderProvider"}
        if is_too_old():
            _refuse("The demonstration's data is of an older version. Start over: make run FRESH=1.")
        if missing_migrations():
            self._say("Creating the tables …")
            call_command("migrate", verbosity=0)
        receiver_port = free_port()
        settings.WEBHOOKS_ALLOWED = [*settings.WEBHOOKS_ALLOWED, f"{HOST}:{receiver_port}"]
        os.environ |= {"WEBHOOKS_ALLOWED": ",".join(settings.WEBHOOKS_ALLOWED), "DEMO_WEBHOOK_PORT": str(receiver_port)}

    def _fill(self, folder: Path, *, portal: str) -> DemoSecrets:
        kept = DemoSecrets.read(folder / SECRETS)
        if not kept.passwords:
            self._say("Loading the sample data …")
        receiver = f"http://{HOST}:{os.environ['DEMO_WEBHOOK_PORT']}/"
        fill_demonstration(kept, portal=portal, receiver=receiver, at=wall_clock_now())
        os.environ["DEMO_WEBHOOK_SECRET"] = kept.webhook_secret
        return kept

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()  # at once, also into a pipe


def _refuse(message: str) -> NoReturn:
    raise CommandError(message, returncode=CONFLICT)


def _own_endpoint() -> Endpoint:
    """Return the embedded database of this command; a configured database is never filled with sample data."""
    endpoint = trial_cluster().endpoint()
    if endpoint is None or os.environ.get("DATABASE_URL") != endpoint.url(APP, DATABASE):
        _refuse("The demonstration has its own database: unset DATABASE_URL.")
    return endpoint


@contextmanager
def _single_instance(lock: Path) -> Iterator[bool]:
    """Hold the lock; yield True if the holder before was killed, so that its servers may still be ending."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse(f"A demonstration is running already on {lock.parent}. End it first (Ctrl-C there).")
        file.seek(0)
        earlier_was_killed = bool(file.read())
        file.write("running")
        file.flush()
        try:
            yield earlier_was_killed
        finally:
            file.truncate(0)


def _require_free_port(port: int, *, seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while not is_port_free(HOST, port):
        if time.monotonic() >= ends_at:
            by = f" by {holder}" if (holder := name_holder(port)) else ""
            _refuse(f"Port {port} is taken{by}. Choose another: manage.py demo --port N, make run PORT=N.")
        time.sleep(PAUSE)


def _start_over(endpoint: Endpoint, secrets: Path, mail: Path) -> None:
    connections.close_all()
    drop_database(endpoint, DATABASE)
    ensure_database(endpoint, DATABASE)
    secrets.unlink(missing_ok=True)
    if mail.is_dir():
        for letter in mail.iterdir():
            letter.unlink()


def _receiver(folder: Path) -> list[str]:
    """Return the command that receives webhooks; it needs the secret that loading creates."""
    module = "paktaleem.office.demo.receiver"
    return [sys.executable, "-m", module, os.environ["DEMO_WEBHOOK_PORT"], str(folder / "webhooks")]


def _wait_until(children: list[Child], condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + SECONDS_TO_BE_READY
    while not condition():
        for child in children:
            child.check()
        if time.monotonic() > ends_at:
            raise ChildDied(f"It was not ready after {SECONDS_TO_BE_READY} s; see {children[0].log.parent}.")
        time.sleep(PAUSE)


def _is_alive(port: int) -> bool:
    link = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status == OK
    except OSError:
        return False
    finally:
        link.close()


def _latest_worker() -> int:
    """Return the number of the last registered worker; a worker registers once it takes jobs."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM procrastinate_workers")
        [number] = cursor.fetchone() or (0,)
        return int(number)


def _watch(children: list[Child]) -> None:
    cluster = trial_cluster()
    while True:
        for child in children:
            child.check()
        if not cluster.is_running():
            raise ChildDied(f"The database has ended; see {cluster.home}/server.log.")
        time.sleep(SECONDS_BETWEEN_LOOKS)

"""``manage.py demo``: the portal with a demonstration in it, in the foreground, until Ctrl-C (DESIGN §8)."""

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

from paktaleem.clock import real_now
from paktaleem.demo.filling import fill_demonstration
from paktaleem.demo.kept import Kept
from paktaleem.demo.presenting import Running, describe, lines
from paktaleem.demo.supervision import Child, ChildDied, free_port, is_port_free, running, start, web_program
from paktaleem.embedded import APP, OWNER, Endpoint, drop_database, ensure_database
from paktaleem.embedded.files import write_atomically
from paktaleem.health import missing_migrations
from paktaleem.tenancy.context import in_global
from paktaleem.trial import DATABASE, Terminated, data_folder, trial_cluster
from paktaleem.webhooks.signing import new_secret

HOST = "127.0.0.1"
OK = 200
SECONDS_TO_BE_READY = 60
PAUSE = 0.05
SECONDS_BETWEEN_LOOKS = 1.0
SECRETS = "demonstration.json"
IN_THE_WAY = 2
"""The exit status when something else is in the way: the port, or another demonstration."""


class Command(BaseCommand):
    """Prepare the demonstration, serve it, and leave nothing running."""

    help = "Serve a filled demonstration until Ctrl-C; --fresh starts over."
    requires_system_checks: list[str] = []  # `make check` runs them; a start is to be quick

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add where to listen, what to write, and whether to start over."""
        parser.add_argument("--port", type=int, default=8000, help="Where to listen on 127.0.0.1.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Written once everything is ready.")
        parser.add_argument("--fresh", action="store_true", help="Start over with an empty database.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run until asked to end; every process ends with it."""
        port, file = options["port"], options["json"]
        folder, endpoint = data_folder(), _own_endpoint()
        try:
            with _only_one(folder / "demo.lock"):
                if not is_port_free(HOST, port):
                    _give_way(f"Port {port} is taken. Choose another: manage.py demo --port N, make run PORT=N.")
                if file is not None:
                    file.unlink(missing_ok=True)  # nobody shall take an earlier start's for this one's
                self._prepare(folder, endpoint, fresh=options["fresh"])
                worker_before = _latest_worker()
                with running(_programs(port), folder / "log") as children:  # they start while the database is filled
                    kept = self._fill(folder, portal=f"http://{HOST}:{port}")
                    children.append(start("receiver", _receiver(folder), folder / "log"))
                    _wait(children, lambda: _is_alive(port) and _latest_worker() > worker_before)
                    self._present(describe(_place(children, folder, endpoint, port), kept), file)
                    connections.close_all()
                    _watch(children)
        except (KeyboardInterrupt, Terminated):
            self.stdout.write("Ended.")
        except ChildDied as error:
            raise CommandError(str(error)) from error

    def _prepare(self, folder: Path, endpoint: Endpoint, *, fresh: bool) -> None:
        """Make the tables, and the environment of the web and the worker."""
        mail = folder / "mail"
        if fresh:
            _start_over(endpoint, folder / SECRETS, mail)
            Path(settings.ERASURE_LIST_FILE).unlink(missing_ok=True)  # of people of the database that is gone
        mail.mkdir(mode=0o700, exist_ok=True)
        os.environ["MAIL_FOLDER"] = str(mail)
        os.environ |= {"CHECK_FOLDER": str(mail), "CHECK_KEY": new_secret()}
        settings.CHECK_PROVIDERS = {"folder": "children.providers.FolderProvider"}  # as its web and worker will have it
        if missing_migrations():
            self.stdout.write("Making the tables …")
            call_command("migrate", verbosity=0)
        taking = free_port(HOST)
        settings.WEBHOOKS_ALLOWED = [*settings.WEBHOOKS_ALLOWED, f"{HOST}:{taking}"]
        os.environ |= {"WEBHOOKS_ALLOWED": ",".join(settings.WEBHOOKS_ALLOWED), "DEMO_WEBHOOK_PORT": str(taking)}

    def _fill(self, folder: Path, *, portal: str) -> Kept:
        kept = Kept.read(folder / SECRETS)
        if not kept.passwords:
            self.stdout.write("Filling in the demonstration …")
        receiver = f"http://{HOST}:{os.environ['DEMO_WEBHOOK_PORT']}/"
        fill_demonstration(kept, portal=portal, receiver=receiver, at=real_now())
        os.environ["DEMO_WEBHOOK_SECRET"] = kept.webhook_secret
        return kept

    def _present(self, description: dict[str, Any], file: Path | None) -> None:
        self.stdout.write("\n".join(lines(description)))
        self.stdout.flush()
        if file is not None:
            write_atomically(file, json.dumps(description, indent=2) + "\n")


def _give_way(message: str) -> NoReturn:
    raise CommandError(message, returncode=IN_THE_WAY)


def _own_endpoint() -> Endpoint:
    """Return the embedded server this command was given; a configured database is never filled with this."""
    endpoint = trial_cluster().endpoint()
    if endpoint is None or os.environ.get("DATABASE_URL") != endpoint.url(APP, DATABASE):
        _give_way("The demonstration brings its own database: unset DATABASE_URL.")
    return endpoint


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _give_way(f"A demonstration is running already on {lock.parent}. End it first (Ctrl-C there).")
        yield


def _start_over(endpoint: Endpoint, secrets: Path, mail: Path) -> None:
    """Drop the database with the secrets and letters that belong to it; the wrapping keys stay."""
    connections.close_all()
    drop_database(endpoint, DATABASE)
    ensure_database(endpoint, DATABASE)
    secrets.unlink(missing_ok=True)
    if mail.is_dir():
        for letter in mail.iterdir():
            letter.unlink()


def _programs(port: int) -> list[tuple[str, list[str]]]:
    worker = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "5"]
    return [("web", web_program(HOST, port)), ("worker", worker)]


def _receiver(folder: Path) -> list[str]:
    """Give the command that takes webhooks; it needs the secret that filling makes."""
    module = "paktaleem.demo.receiver"
    return [sys.executable, "-m", module, os.environ["DEMO_WEBHOOK_PORT"], str(folder / "webhooks")]


def _place(children: list[Child], folder: Path, endpoint: Endpoint, port: int) -> Running:
    web, worker, _ = children
    return Running(
        base_url=f"http://{HOST}:{port}",
        app_url=endpoint.url(APP, DATABASE),
        owner_url=endpoint.url(OWNER, DATABASE),
        web=web.process.pid,
        worker=worker.process.pid,
        postgres=endpoint.pid,
        mail_dir=folder / "mail",
    )


def _wait(children: list[Child], is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + SECONDS_TO_BE_READY
    while not is_so():
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
    """Return the number of the worker that registered last; a worker does so once it takes jobs."""
    with in_global(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM procrastinate_workers")
        [number] = cursor.fetchone() or (0,)
        return int(number)


def _watch(children: list[Child]) -> None:
    """Watch until asked to end. Raises ChildDied when a process, or the database, ends by itself."""
    cluster = trial_cluster()
    while True:
        for child in children:
            child.check()
        if cluster.endpoint() is None:
            raise ChildDied(f"The database has ended; see {cluster.home}/server.log.")
        time.sleep(SECONDS_BETWEEN_LOOKS)

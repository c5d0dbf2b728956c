"""Serve the portal from a separate process on the committed database of a test."""

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from paktaleem.foundation.embedded.layout import APP
from paktaleem.office.demo.supervision import Child, running, web_program
from tests.database import template_ready
from tests.demo.running import PATIENCE, free_port
from tests.waiting import wait_until

HOST = "127.0.0.1"
KILLED_SERVER = "tests.api.killed_server:create_application"


def environment_of_server() -> dict[str, str]:
    return {
        "DATABASE_URL": template_ready().url(APP, str(connections.databases["default"]["NAME"])),
        "PAKTALEEM_KEYS": settings.KEYRING,
        "SECRET_KEY": settings.SECRET_KEY,
        "ERASURE_LIST_FILE": settings.ERASURE_LIST_FILE,
        "SERVE_STATIC_FROM_SOURCE": "true",
        "PUBLIC_URL": settings.PUBLIC_URL,
    }


@contextmanager
def set_environment(**added: str) -> Iterator[None]:
    """Set the variables of a served portal and those added, which processes started meanwhile inherit."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (environment_of_server() | added).items():
            environment.setenv(name, value)
        yield


@contextmanager
def served(logs: Path, **added: str) -> Iterator[int]:
    """Serve the portal (tests/api/killed_server.py) as in production, by one process; yield its port.

    Its environment, with the variables added, is that of the test meanwhile.
    """
    port = free_port()
    with set_environment(**added), serving(logs, port):
        yield port


@contextmanager
def serving(logs: Path, port: int) -> Iterator[Child]:
    size = ["--workers", "1", "--no-respawn-failed-workers"]
    with running([("web", [*web_program(HOST, port), *size, "--application", KILLED_SERVER])], logs) as [web]:
        wait_until(lambda: is_alive(port), web)
        yield web


def is_alive(port: int) -> bool:
    try:
        return call(port, "GET", "/healthz")[0] == 200
    except OSError:
        return False


def call(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, bytes]:
    """Send a request; return status, headers and body. Raises OSError if there is no response."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    try:
        connection.request(method, path, body if body is None else json.dumps(body), told)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def aside[Found](act: Callable[[], Found]) -> Found:
    """Run database code in a separate thread: Django refuses it in Playwright's event loop."""

    def done() -> Found:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()

"""The platform beside a running portal: its commands, its receiver, its database."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from integrations.minilms.portal import Answer, Portal, Refused
from integrations.minilms.store import Store
from paktaleem.office.demo.supervision import Child, running
from tests.demo.running import PATIENCE, ROOT, free_port
from tests.waiting import wait_until

HOST = "127.0.0.1"
PROGRAM = [sys.executable, "-m", "integrations.minilms"]


class Platform:
    """One mini-LMS with its own database file, for a portal on a port; ``port`` is its webhook port."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.port, self._key = folder, free_port(), key
        self._portal = 0

    @property
    def file(self) -> Path:
        return self.folder / "lms.sqlite3"

    @property
    def address(self) -> str:
        """Host and port of its receiver, as allowed by the portal."""
        return f"{HOST}:{self.port}"

    def connect(self, portal: int) -> "Platform":
        self._portal = portal
        self.do("subscribe", f"http://{self.address}/hooks")
        return self

    def do(self, *command: str) -> str:
        env, output = {**os.environ, **self._environment()}, subprocess.PIPE
        done = subprocess.run(
            [*PROGRAM, *command],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=output,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def shows(self, person: str) -> Any:
        return json.loads(self.do("show", person))

    @property
    def portal(self) -> Portal:
        known = self._environment()
        return Portal(known["PORTAL"], known["KEY"])

    def keep(self, person: str, category: str, data: str) -> None:
        """Insert data without asking the portal, as an import of old files would."""
        with closing(Store(self.file)) as store:
            store.do("INSERT INTO record VALUES (?, ?, ?)", person, category, json.dumps({"what": data}))

    def rows(self, query: str, *values: Any) -> list[Any]:
        with closing(Store(self.file)) as store:
            return store.rows(query, *values)

    @contextmanager
    def receiving(self) -> Iterator[Child]:
        with self.running("serve", "--port", str(self.port)) as child:
            wait_until(self._listens, child)
            yield child

    @contextmanager
    def running(self, *command: str) -> Iterator[Child]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._environment().items():
                patch.setenv(name, value)
            with running([(command[0], [*PROGRAM, *command])], self.folder / "log") as [child]:
                yield child

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def _environment(self) -> dict[str, str]:
        return {"PORTAL": f"http://{HOST}:{self._portal}", "KEY": self._key, "LMS_DATABASE": str(self.file)}


class PortalInProcess(Portal):
    def _call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        told = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        data = b"" if body is None else json.dumps(body).encode()
        response: Any = Client().generic(method, path, data, content_type="application/json", headers=told)
        found = response.json()
        if response.status_code >= 400:
            code = str(found.get("type", "")).removeprefix("urn:paktaleem:problem:")
            raise Refused(response.status_code, code, str(found.get("detail") or found.get("title")))
        message = HTTPMessage()
        for name, value in response.headers.items():
            message[name] = value
        return Answer(found, message)

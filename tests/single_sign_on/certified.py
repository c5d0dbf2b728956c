"""The certified npm package oidc-provider, run by node, with a tenant for each client of the tests."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import requests

from paktaleem.office.demo.supervision import running
from tests.demo.running import PATIENCE, free_port
from tests.waiting import wait_until_served

NODE, NPM = shutil.which("node"), shutil.which("npm")
SECRET = "of+the:provider%41&more"
"""Has characters that a secret must be encoded for (RFC 6749 §2.3.1)."""
_SOURCE = Path(__file__).resolve().parent / "certified_provider"


class CertifiedProvider:
    """A running provider; each tenant is an issuer."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"

    def issuer(self, tenant: str = "indus") -> str:
        """Return the address of a tenant."""
        return f"http://{self.host}/{tenant}"

    def set_person(self, subject: str, *, login: Mapping[str, Any] | None = None, **claims: Any) -> None:
        """State the claims of a person, and what the provider says of the next sign-in (amr, acr, ts)."""
        body = {"login": login or {}, **claims}
        requests.put(f"http://{self.host}/people/{quote(subject)}", json=body, timeout=PATIENCE).raise_for_status()


class Person:
    """A person's browser at the provider; ``asked`` are the reasons for which it asked them to sign in."""

    def __init__(self, provider: CertifiedProvider, subject: str = "farah-1") -> None:
        self.origin, self.subject = f"http://{provider.host}/", subject
        self.browser = requests.Session()
        self.asked: list[list[str]] = []

    def authorize(self, address: str) -> str:
        """Follow an address until the provider sends the person back to the portal; cancel if there is no subject."""
        while address.startswith(self.origin):
            if "/interaction/" in address:
                prompt = self.browser.get(address, timeout=PATIENCE).json()
                self.asked.append(prompt["reasons"])
                given = {"sub": self.subject}
                answer = self.browser.post(address, given, allow_redirects=False, timeout=PATIENCE)
            else:
                answer = self.browser.get(address, allow_redirects=False, timeout=PATIENCE)
            assert "Location" in answer.headers, answer.text
            address = urljoin(address, answer.headers["Location"])
        return address


@contextmanager
def certified_provider(folder: Path, tenants: Mapping[str, Any]) -> Iterator[CertifiedProvider]:
    """Install the package in a folder and serve tenants: the clients and further settings of each."""
    for source in _SOURCE.iterdir():
        shutil.copy(source, folder)
    command = [str(NPM), "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    provider = CertifiedProvider(free_port())
    given = json.dumps({"port": int(provider.host.rpartition(":")[2]), "tenants": tenants})
    with running([("provider", [str(NODE), str(folder / "serve.mjs"), given])], folder / "logs") as [process]:
        wait_until_served(process, f"http://{provider.host}/")
        yield provider

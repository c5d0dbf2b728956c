"""Providers for the tests: oidc-provider-mock in a process of its own, and one that answers as an attacker wants."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from paktaleem.office.demo.supervision import running
from tests.demo.running import PATIENCE, free_port
from tests.waiting import in_thread, wait_until_served

APPLICATION = "portal-at-indus"
_PORTAL_KEY, _OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class TestProvider:
    """A running oidc-provider-mock; any client ID and secret are accepted there."""

    __test__ = False

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.issuer = f"http://{self.host}"

    def set_person(self, subject: str, **claims: Any) -> None:
        body = json.dumps(claims).encode()
        headers = {"Content-Type": "application/json"}
        address = f"{self.issuer}/users/{quote(subject)}"
        urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PUT")).close()  # noqa: S310

    def authorize(self, address: str, subject: str) -> str:
        """Sign in at the provider as a person does, and return the address to which it sends them back."""
        body = urlencode({"sub": subject} if subject else {"action": "deny"}).encode()
        try:
            urllib.request.build_opener(_Stay).open(address, body)
        except urllib.error.HTTPError as answer:
            return str(answer.headers["Location"])
        raise AssertionError("The provider did not send the person back.")


@contextmanager
def running_provider(logs: Path) -> Iterator[TestProvider]:
    provider = TestProvider(free_port())
    port = provider.host.rpartition(":")[2]
    command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", port]
    with running([("provider", command)], logs) as [process]:
        wait_until_served(process, f"{provider.issuer}/jwks")
        yield provider


class HostileProvider:
    """A provider whose token says what a test wants; ``changes`` are made to an honest token and its signature.

    ``user_info`` is what it says of an account besides, and ``of_key`` what it says of its key.
    """

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.issuer = f"http://{self.host}"
        self.changes: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.user_info: Any = None
        self.of_key: dict[str, str] = {"alg": "RS256"}
        self.nonce = ""

    def answer(self, path: str) -> Any:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(_PORTAL_KEY.public_key(), as_dict=True)
        answers = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                **self.metadata,
            },
            "/jwks": {"keys": [{**key, "kid": "one", "use": "sig", **self.of_key}]},
            "/token": {"access_token": "unused", "token_type": "Bearer", "id_token": self.sign()},
            "/me": self.user_info,
        }
        return answers[path]

    def sign(self) -> str:
        at = time.time()
        claims = {
            "iss": self.issuer,
            "aud": APPLICATION,
            "sub": "farah-1",
            "iat": at,
            "exp": at + 300,
            "nonce": self.nonce,
            "email": "farah@indus.example",
            "email_verified": True,
        }
        changes = dict(self.changes)
        algorithm, key = changes.pop("alg", "RS256"), _OTHER_KEY if changes.pop("other_key", False) else _PORTAL_KEY
        signing: Any = {"none": "", "HS256": "a secret of at least thirty-two bytes"}.get(algorithm, key)
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(kept, signing, algorithm=algorithm, headers={"kid": changes.pop("kid", "one")})

    def authorize(self, address: str) -> str:
        """Return the address to which the person comes back, with a code for the nonce that was asked."""
        asked = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
        self.nonce = asked["nonce"]
        return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'code': 'any'})}"


@contextmanager
def hostile_provider() -> Iterator[HostileProvider]:
    class Handler(BaseHTTPRequestHandler):
        def send_answer(self) -> None:
            body = json.dumps(provider.answer(urlsplit(self.path).path)).encode()
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write no log."""

    Handler.do_GET = Handler.do_POST = Handler.send_answer  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = HostileProvider(server.server_port)
    with in_thread(server):
        yield provider


NODE, NPM = shutil.which("node"), shutil.which("npm")
SECRET = "of+the:provider%41&more"
"""Has characters that a secret must be encoded for (RFC 6749 §2.3.1)."""
_SOURCE = Path(__file__).resolve().parent / "certified_provider"


class CertifiedProvider:
    """A running provider; each tenant is an issuer."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"

    def issuer(self, tenant: str = "indus") -> str:
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
    for source in _SOURCE.iterdir():
        shutil.copy(source, folder)
    command = [str(NPM), "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    provider = CertifiedProvider(free_port())
    given = json.dumps({"port": int(provider.host.rpartition(":")[2]), "tenants": tenants})
    with running([("provider", [str(NODE), str(folder / "serve.mjs"), given])], folder / "logs") as [process]:
        wait_until_served(process, f"http://{provider.host}/")
        yield provider

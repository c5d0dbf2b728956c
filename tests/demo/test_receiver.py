"""The demonstration's webhook receiver stores messages with a valid signature, and no others."""

import http.client
import json
import subprocess
import sys
import uuid
from http.server import ThreadingHTTPServer

import pytest

from paktaleem.directory.webhooks.signing import headers_of, new_secret
from paktaleem.office.demo.management.commands.demo import _receiver
from paktaleem.office.demo.receiver import Receiver
from tests.waiting import in_thread

BODY = json.dumps({"type": "consent.given", "data": {}}).encode()


@pytest.fixture
def receiver(tmp_path):
    secret = new_secret()
    kind = type("OfThisTest", (Receiver,), {"secret": secret, "folder": tmp_path})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    with in_thread(server):
        yield server.server_address[1], secret, tmp_path


def send(port, secret, message_id, body=BODY):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = headers_of([secret], message_id=message_id, timestamp=1_800_000_000, body=BODY)
    link.request("POST", "/", body, headers)
    status = link.getresponse().status
    link.close()
    return status


def test_what_is_signed_is_kept_once(receiver):
    port, secret, folder = receiver
    message_id = str(uuid.uuid4())
    assert [send(port, secret, message_id) for _ in range(2)] == [204, 204]
    [kept] = folder.iterdir()
    assert (kept.name, json.loads(kept.read_text())["type"]) == (f"{message_id}.json", "consent.given")


def test_what_is_not_is_refused(receiver):
    port, secret, folder = receiver
    assert send(port, new_secret(), str(uuid.uuid4())) == 401
    assert send(port, secret, str(uuid.uuid4()), b"{}" + BODY[2:]) == 401
    assert send(port, secret, "../../etc/passwd") == 401
    assert list(folder.iterdir()) == []


def test_its_process_needs_no_django(monkeypatch, tmp_path):
    monkeypatch.setenv("DEMO_WEBHOOK_PORT", "1")
    module = _receiver(tmp_path)[2]
    code = f"import sys, {module}; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0

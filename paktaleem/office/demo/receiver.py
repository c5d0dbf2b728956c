"""A webhook receiver for the demonstration: verifies each message, stores it as a file, and answers 204.

Run as ``python -m paktaleem.office.demo.receiver PORT FOLDER``; the secret is read from ``DEMO_WEBHOOK_SECRET``.
It is a process of its own without Django, so nothing here may import a model.
"""

import hmac
import json
import os
import re
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from paktaleem.directory.webhooks.signing import signature

_MOST_BYTES = 65_536
_ID = re.compile(r"[0-9a-f-]{36}")


class Receiver(BaseHTTPRequestHandler):
    """HTTP handler for messages: stored by id, so that a repeat is stored once; refused if the signature is wrong."""

    secret = ""
    folder = Path()

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MOST_BYTES))
        message_id = self.headers.get("webhook-id", "")
        status = HTTPStatus.NO_CONTENT if self._is_authentic(message_id, body) else HTTPStatus.UNAUTHORIZED
        if status is HTTPStatus.NO_CONTENT:
            message = json.loads(body)
            (self.folder / f"{message_id}.json").write_text(json.dumps(message, indent=2) + "\n")
        self.send_response(status)
        self.end_headers()

    def _is_authentic(self, message_id: str, body: bytes) -> bool:
        timestamp = self.headers.get("webhook-timestamp", "")
        if not _ID.fullmatch(message_id) or not timestamp.isdecimal():
            return False
        wanted = signature(self.secret, message_id=message_id, timestamp=int(timestamp), body=body)
        given = self.headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(wanted, one) for one in given)

    def log_message(self, *_: object) -> None:
        """Write no log: the stored files show what was received."""


def serve(port: int, folder: Path, secret: str) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    Receiver.secret, Receiver.folder = secret, folder
    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), os.environ["DEMO_WEBHOOK_SECRET"])

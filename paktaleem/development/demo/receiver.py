"""A receiver of webhooks for the demonstration: it verifies each message, keeps it as a file, and says 204.

Run as ``python -m paktaleem.development.demo.receiver PORT FOLDER``; the secret comes in ``DEMO_WEBHOOK_SECRET``.
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

__all__ = ["Receiver", "serve"]

_MOST_BYTES = 65_536
_ID = re.compile(r"[0-9a-f-]{36}")


class Receiver(BaseHTTPRequestHandler):
    """One message: kept under its id, so that one sent twice is there once; refused if its signature is not ours."""

    secret = ""
    folder = Path()

    def do_POST(self) -> None:
        """Take one message."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _MOST_BYTES))
        message_id = self.headers.get("webhook-id", "")
        status = HTTPStatus.NO_CONTENT if self._is_ours(message_id, body) else HTTPStatus.UNAUTHORIZED
        if status is HTTPStatus.NO_CONTENT:
            told = json.loads(body)
            (self.folder / f"{message_id}.json").write_text(json.dumps(told, indent=2) + "\n")
        self.send_response(status)
        self.end_headers()

    def _is_ours(self, message_id: str, body: bytes) -> bool:
        timestamp = self.headers.get("webhook-timestamp", "")
        if not _ID.fullmatch(message_id) or not timestamp.isdecimal():
            return False
        wanted = signature(self.secret, message_id=message_id, timestamp=int(timestamp), body=body)
        given = self.headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(wanted, one) for one in given)

    def log_message(self, *_: object) -> None:
        """Write no log: the files say what came."""


def serve(port: int, folder: Path, secret: str) -> None:
    """Take messages until ended."""
    folder.mkdir(mode=0o700, exist_ok=True)
    Receiver.secret, Receiver.folder = secret, folder
    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), os.environ["DEMO_WEBHOOK_SECRET"])

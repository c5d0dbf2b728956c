"""Webhook receiver: messages are verified, stored, answered at once, and processed afterwards.

A message is stored once by its id; one that was stored but not processed before a crash is processed at the next start.
"""

import json
import logging
import threading
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from integrations.minilms.deciding import drop
from integrations.minilms.orders import take_open_orders, take_order
from integrations.minilms.portal import Portal, Refused
from integrations.minilms.store import Store

log = logging.getLogger(__name__)
EVENTS = ["consent.*", "decision.invalidated", "order.created", "order.set_created", "subject.erased"]
MOST_BYTES = 20_000
SECONDS_TO_TRY_AGAIN = 1.0
KEPT_AS = "webhook_secret"


def subscribe(store: Store, portal: Portal, url: str) -> str:
    """Register a webhook at a URL and store its secret, which is shown only once; return the webhook's id."""
    webhook = portal.post("/api/v1/webhooks", {"url": url, "events": EVENTS, "name": "mini-LMS"}).body
    store.keep(KEPT_AS, webhook["secret"])
    return str(webhook["id"])


class Hooks:
    """The receiver, and the thread that processes its messages."""

    def __init__(self, path: Path, portal: Portal, port: int) -> None:
        self.path, self.portal, self.news = path, portal, threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))

    def serve(self) -> None:
        """Receive until the process ends."""
        threading.Thread(target=self._act, daemon=True).start()
        self.server.serve_forever()

    def take(self, body: bytes, headers: dict[str, str]) -> HTTPStatus:
        """Verify one message and store it."""
        with closing(Store(self.path)) as store:
            secret = store.kept(KEPT_AS)
            if secret is None:
                return HTTPStatus.SERVICE_UNAVAILABLE
            try:
                Webhook(secret).verify(body, headers)
            except (WebhookVerificationError, ValueError) as error:  # of what is malformed the library lets it out
                log.warning("A message was refused: %s", error)
                return HTTPStatus.BAD_REQUEST
            store.do("INSERT OR IGNORE INTO message (id, content) VALUES (?, ?)", headers["webhook-id"], body.decode())
        self.news.set()
        return HTTPStatus.NO_CONTENT

    def _act(self) -> None:
        store = Store(self.path)
        while True:
            self.news.clear()
            waiting = store.rows("SELECT * FROM message WHERE NOT is_done ORDER BY rowid")
            done = [self._process(store, row) for row in waiting]
            self.news.wait(None if all(done) else SECONDS_TO_TRY_AGAIN)

    def _process(self, store: Store, row: Any) -> bool:
        told = json.loads(row["content"])
        try:
            act_upon(store, self.portal, told["type"], told["data"])
        except (OSError, Refused) as error:
            log.warning("%s waits: %s", told["type"], error)
            return False
        store.do("UPDATE message SET is_done = 1 WHERE id = ?", row["id"])
        return True


def act_upon(store: Store, portal: Portal, event: str, data: dict[str, Any]) -> None:
    """Process one message. Its data are ids: current facts are queried from the portal."""
    if event == "decision.invalidated" or event.startswith(("consent.", "subject.")):
        _drop_decisions(store, data)
    elif event == "order.created":
        take_order(store, portal, data["order"])
    elif event == "order.set_created":
        take_open_orders(store, portal)


def _drop_decisions(store: Store, data: dict[str, Any]) -> None:
    if data["subject_id"] is None:
        drop(store)
        return
    for person in store.rows("SELECT id FROM person WHERE portal_id = ?", data["subject_id"]):
        drop(store, person=person["id"], purpose=data.get("purpose"))


def _handler(hooks: Hooks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            if self.path != "/hooks" or size > MOST_BYTES:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(hooks.take(self.rfile.read(size), headers))
            self.end_headers()

        def log_message(self, *said: object) -> None:
            log.info(said[0], *said[1:])

    return Handler

"""Parser of one email, run as a process of its own with limited processor time and memory.

Standard input is the email, the one argument the limits as JSON; standard output is one line of JSON followed by the
attachments' bytes. It imports nothing of the portal, opens no connection, starts no process and writes no file. If it
fails, for whatever reason, the email counts as not readable. Only the standard library is on its path.
"""

import json
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from email.feedparser import BytesFeedParser
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any, NamedTuple

_CHUNK = 64 * 1024
_FAILED = 3
_TOKEN = re.compile(r"\+([a-z2-7]{26})@")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,300}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ctypes.")
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "blockquote", "pre"})
_HIDDEN = frozenset({"script", "style", "head", "title", "template"})


class Limits(NamedTuple):
    """Limits of one email: seconds, bytes of memory, and how much of it is returned."""

    seconds: int
    memory: int
    text: int
    header: int
    parts: int
    attachments: int


class Attachment(NamedTuple):
    name: str
    kind: str
    content: bytes


class Body:
    """The texts and attachments of an email, up to the limits; ``cut`` names what was left out."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.plain: list[str] = []
        self.html: list[str] = []
        self.attachments: list[Attachment] = []
        self.cut: set[str] = set()

    @property
    def text(self) -> str:
        """Return the plain text, or the text of the HTML if there is no other."""
        text = "\n\n".join(self.plain) if any(one.strip() for one in self.plain) else _html_to_text(self.html)
        text = _without_control(text.replace("\r\n", "\n").replace("\r", "\n"), keep="\n\t").strip()
        if len(text) > self.limits.text:
            self.cut.add("text")
        return text[: self.limits.text]

    def add(self, part: Message) -> None:
        name, disposition = part.get_filename(), str(part.get_content_disposition() or "")
        is_text = part.get_content_maintype() == "text" and not name and disposition != "attachment"
        content = _content_of(part)
        if is_text:
            target = self.html if part.get_content_subtype() == "html" else self.plain
            target.append(_decode(content, part.get_content_charset() or "utf-8"))
        elif len(self.attachments) >= self.limits.attachments:
            self.cut.add("attachments")
        else:
            self.attachments.append(Attachment(_words(name or "", 200), part.get_content_type()[:100], content))


class TextExtractor(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.hidden += tag in _HIDDEN
        if tag in _BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self.hidden:
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(" ".join(data.split()) + " " if data.strip() else " ")


def describe(raw: bytes, limits: Limits) -> tuple[dict[str, Any], list[bytes]]:
    parser = BytesFeedParser(policy=compat32)
    for start in range(0, len(raw), _CHUNK):
        parser.feed(raw[start : start + _CHUNK])
    message, body = parser.close(), Body(limits)
    for part in _leaves(message, body):
        body.add(part)
    text = body.text
    found = {**_headers(message, limits), "text": text, "cut": sorted(body.cut)}
    found["attachments"] = [{"name": one.name, "kind": one.kind, "size": len(one.content)} for one in body.attachments]
    return found, [one.content for one in body.attachments]


def _leaves(message: Message, body: Body) -> Iterator[Message]:
    waiting, seen = [message], 0
    while waiting:
        part = waiting.pop()
        seen += 1
        if seen > body.limits.parts:
            body.cut.add("parts")
            return
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += reversed([one for one in part.get_payload() if isinstance(one, Message)])
        else:
            yield part


def _content_of(part: Message) -> bytes:
    if part.is_multipart():  # message/rfc822, message/delivery-status
        return b"\n".join(one.as_bytes() for one in part.get_payload() if isinstance(one, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _headers(message: Message, limits: Limits) -> dict[str, object]:
    senders = _all(message, "From", limits)
    addresses = [address for _, address in getaddresses(senders[:1], strict=True) if address]
    recipients = [value for name in _TO for value in _all(message, name, limits)]
    subject = _words(str(message.get("Subject", ""))[: limits.header], 300)
    ids = _MESSAGE_ID.findall(" ".join(_all(message, "References", limits) + _all(message, "In-Reply-To", limits)))
    own_id = _MESSAGE_ID.search(str(message.get("Message-ID", ""))[: limits.header])
    return_path = message.get("Return-Path")
    return {
        "senders": len(senders),
        "sender": _without_control(addresses[0])[:254] if len(addresses) == 1 else "",
        "sender_line": _words(senders[0], 300) if senders else "",
        "reply_to": _words(str(message.get("Reply-To", ""))[: limits.header], 300),
        "recipients": sum(str(value).count("@") for name in ("To", "Cc") for value in message.get_all(name, [])),
        "tokens": list(dict.fromkeys(_TOKEN.findall(" ".join([*recipients, subject]).lower())))[:5],
        "subject": subject,
        "sent_at": _date(str(message.get("Date", ""))[:100]),
        "message_id": own_id[0] if own_id else "",
        "references": ids[-20:],
        "return_path": None if return_path is None else str(return_path).strip()[: limits.header],
        "content_type": message.get_content_type()[:100],
        "automatic": {name: _words(str(message.get(name, "")), 100) for name in _AUTOMATIC if name in message},
        "results": _all(message, "Authentication-Results", limits)[:10],
    }


_AUTOMATIC = ("Auto-Submitted", "Precedence", "List-Id", "List-Unsubscribe", "X-Auto-Response-Suppress", "X-Loop")


def _all(message: Message, name: str, limits: Limits) -> list[str]:
    return [" ".join(str(value)[: limits.header].split()) for value in message.get_all(name, [])]


def _words(value: str, most: int) -> str:
    with suppress(ValueError, LookupError):  # an encoding that does not exist, or a broken one
        value = str(make_header(decode_header(value)))
    return _without_control(" ".join(value.split()))[:most]


def _date(value: str) -> str:
    try:
        return parsedate_to_datetime(value).isoformat()
    except (ValueError, OverflowError, TypeError):
        return ""


def _decode(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _without_control(text: str, keep: str = "") -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else "", text)


def _html_to_text(parts: list[str]) -> str:
    extractor = TextExtractor()
    for part in parts:
        extractor.feed(part)
        extractor.close()
    lines = [" ".join(line.split()) for line in "".join(extractor.found).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _refuse(event: str, _: Any) -> None:
    """Audit hook: refuse connections and processes."""
    if event.startswith(_REFUSED_EVENTS):
        raise PermissionError(event)


def _restrict(limits: Limits) -> None:
    for kind, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    sys.addaudithook(_refuse)


def main() -> int:
    """Parse standard input; return 3 if it cannot be parsed."""
    limits = Limits(**json.loads(sys.argv[1]))
    _restrict(limits)
    try:
        found, contents = describe(sys.stdin.buffer.read(), limits)
    except (RecursionError, MemoryError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return _FAILED
    out = sys.stdout.buffer
    out.write(json.dumps(found).encode() + b"\n")
    for content in contents:
        out.write(content)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Run the parser of one email in a limited process, and read what it returns."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec

from rights.mailbox.parsing.parsed import ParsedMail

SECONDS = 2
"""Processor time of the parser for one email."""
MEMORY_BYTES = 256 * 1024 * 1024
"""Address space of the parser."""
_PATIENCE = 60
"""Seconds by the clock: for a machine so busy that two seconds of processor time take longer."""
_LIMITS = {
    "seconds": SECONDS,
    "memory": MEMORY_BYTES,
    "text": 20_000,
    "header": 16_384,
    "parts": 1_000,
    "attachments": 20,
}
_CHILD = str(Path(__file__).with_name("child.py"))


def parse_mail(raw: bytes) -> tuple[ParsedMail, list[bytes]] | None:
    """Return an email's description and its attachments' contents; None if it could not be read within the limits.

    The process inherits no environment and no open file, so neither a key nor a database connection.
    """
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and file; the email is on standard input
            [sys.executable, "-I", "-S", "-B", _CHILD, json.dumps(_LIMITS)],
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return _read(done.stdout) if done.returncode == 0 else None


def _read(output: bytes) -> tuple[ParsedMail, list[bytes]] | None:
    head, _, rest = output.partition(b"\n")
    try:
        parsed = msgspec.json.decode(head, type=ParsedMail)
    except msgspec.MsgspecError:
        return None
    contents, start = [], 0
    for attachment in parsed.attachments:
        contents.append(rest[start : start + attachment.size])
        start += attachment.size
    return (parsed, contents) if start == len(rest) else None

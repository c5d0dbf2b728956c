"""Checks of guardians that somebody else carries out: what a provider must be able to do, and one that uses a folder.

A provider is told a method, a language, and where to answer: neither the child nor the guardian, who deal with it
themselves. What comes back is its number of the check and passed or failed. Whatever else it sends is dropped unread:
no document, no number of one, no picture, no card is ever kept (16 CFR 312.5(b)(2)). An operator names classes with
these methods in CHECK_PROVIDERS, each under its code.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from children.guardians.strength import PROVIDER_METHODS, Method
from paktaleem.directory.webhooks.signing import signature

__all__ = [
    "CheckProvider",
    "FolderProvider",
    "Found",
    "NoSuchProvider",
    "NotSigned",
    "Started",
    "check_providers",
    "read_signed",
]

TOLERANCE = timedelta(minutes=5)
_LONGEST_NUMBER = 200


class NoSuchProvider(LookupError):
    """No provider is set up under this code."""


class NotSigned(Exception):
    """The answer is not the provider's: its signature, time or form is wrong."""


@dataclass(frozen=True, slots=True)
class Started:
    """A check that was begun: the provider's number of it, and where the guardian goes, if anywhere."""

    number: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a check, and nothing of what was seen."""

    number: str
    passed: bool


class CheckProvider(Protocol):
    """Carries checks of guardians out. ``start`` and ``ask`` may be slow: they are called outside any transaction."""

    methods: frozenset[Method]

    def start(self, *, reference: str, method: Method, language: str, answer_to: str) -> Started:
        """Begin a check. Raises OSError where that may work another time.

        ``reference`` is ours, another for each check. Asked once more under the same one, since the answer did not
        arrive or we died before we kept it, a provider begins nothing: it tells of the check it began then.
        """

    def ask(self, number: str) -> Found | None:
        """Ask what came of it; None while nothing has. Raises NotSigned, OSError."""

    def read(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> Found:
        """Read what the provider sent by itself, once its signature was verified. Raises NotSigned."""


class FolderProvider:
    """Writes each check to CHECK_FOLDER, and reads the answer that somebody put beside it: for trials, and by hand.

    ``<number>.json`` asks; ``<number>.answer.json`` answers, with the headers and the body of a signed message.
    """

    methods = PROVIDER_METHODS

    def start(self, *, reference: str, method: Method, language: str, answer_to: str) -> Started:
        """Write what is asked; the same reference is the same file."""
        number = UUID(reference).hex
        asked = {"check": number, "method": method.value, "language": language, "answer_to": answer_to}
        self._file(number).write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
        return Started(number)

    def ask(self, number: str) -> Found | None:
        """Read the answer, if there is one."""
        answer = self._file(number).with_suffix(".answer.json")
        if not answer.exists():
            return None
        try:
            told = json.loads(answer.read_text(encoding="utf-8"))
            body, headers = told["body"].encode(), dict(told["headers"])
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise NotSigned from error
        found = read_signed(body, headers, secret=settings.CHECK_KEY)
        if found.number != number:
            raise NotSigned
        return found

    def read(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> Found:
        """Read a signed message."""
        return read_signed(body, headers, secret=settings.CHECK_KEY, at=at)

    def _file(self, number: str) -> Path:
        return Path(settings.CHECK_FOLDER) / f"{number}.json"


def read_signed(body: bytes, headers: Mapping[str, str], *, secret: str, at: datetime | None = None) -> Found:
    """Verify a message signed as Standard Webhooks 1.0 says, and read ``{"check", "result"}`` out of it.

    Sent by itself it must be of these minutes (``at``). Raises NotSigned.
    """
    named = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent = named["webhook-id"], int(named["webhook-timestamp"])
        expected = signature(secret, message_id=message_id, timestamp=sent, body=body)
        is_signed = any(
            hmac.compare_digest(expected.encode(), one.encode()) for one in named["webhook-signature"].split()
        )
        is_fresh = at is None or abs(at - datetime.fromtimestamp(sent, UTC)) <= TOLERANCE
        told = json.loads(body) if secret and is_signed and is_fresh else {}
        number, result = told["check"], told["result"]
    except (LookupError, ValueError, TypeError, OverflowError, OSError) as error:
        raise NotSigned from error
    if not isinstance(number, str) or len(number) > _LONGEST_NUMBER or result not in {"passed", "failed"}:
        raise NotSigned
    return Found(number, passed=result == "passed")


def check_providers() -> dict[str, CheckProvider]:
    """Give the providers that CHECK_PROVIDERS names, by code."""
    return {code: import_string(path)() for code, path in settings.CHECK_PROVIDERS.items()}

"""The interface of providers that check guardians, and a provider that uses files in a folder.

A provider receives a method, a language and a callback address, but not the identity of the child or the guardian. It
returns its check number and ``passed`` or ``failed``. Anything else it sends is ignored: no document, document number,
picture or card number is ever stored (16 CFR 312.5(b)(2)). The setting CHECK_PROVIDERS maps codes to provider classes.
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

from children.guardians.authority import PROVIDER_METHODS, Method
from paktaleem.directory.webhooks.signing import signature
from paktaleem.foundation.errors import PortalError, Problem

TOLERANCE = timedelta(minutes=5)
_LONGEST_NUMBER = 200


class ProviderUnknown(PortalError, LookupError):
    """No provider is configured under this code."""

    problem = Problem("provider-unknown", "No provider of checks is configured under this code")
    console_message = "This provider is no longer configured."


class NotSigned(Exception):
    """The message is not authentic: its signature, timestamp or format is wrong."""


@dataclass(frozen=True, slots=True)
class StartedCheck:
    """A started check: the provider's check number, and the address for the guardian, if any."""

    number: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    number: str
    passed: bool


class CheckProvider(Protocol):
    """Interface of a provider. ``start`` and ``ask`` may be slow, so they are called outside any transaction."""

    methods: frozenset[Method]

    def start(self, *, reference: str, method: Method, language: str, answer_to: str) -> StartedCheck:
        """Start the check, or return the one started with the same reference. Raises OSError if it may be retried."""

    def ask(self, number: str) -> CheckResult | None:
        """Return the result, or None while there is none. Raises NotSigned, OSError."""

    def read(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> CheckResult:
        """Verify the signature of a message that the provider sent, and return its result. Raises NotSigned."""


class FolderProvider:
    """A provider for tests: ``<number>.json`` in CHECK_FOLDER asks, ``<number>.answer.json`` has the signed answer."""

    methods = PROVIDER_METHODS

    def start(self, *, reference: str, method: Method, language: str, answer_to: str) -> StartedCheck:
        """Write the request; the same reference always names the same file."""
        number = UUID(reference).hex
        check = {"check": number, "method": method.value, "language": language, "answer_to": answer_to}
        self._file(number).write_text(json.dumps(check, indent=2) + "\n", encoding="utf-8")
        return StartedCheck(number)

    def ask(self, number: str) -> CheckResult | None:
        answer = self._file(number).with_suffix(".answer.json")
        if not answer.exists():
            return None
        try:
            message = json.loads(answer.read_text(encoding="utf-8"))
            body, headers = message["body"].encode(), dict(message["headers"])
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise NotSigned from error
        found = read_signed(body, headers, secret=settings.CHECK_KEY)
        if found.number != number:
            raise NotSigned
        return found

    def read(self, body: bytes, headers: Mapping[str, str], *, at: datetime) -> CheckResult:
        return read_signed(body, headers, secret=settings.CHECK_KEY, at=at)

    def _file(self, number: str) -> Path:
        return Path(settings.CHECK_FOLDER) / f"{number}.json"


def read_signed(body: bytes, headers: Mapping[str, str], *, secret: str, at: datetime | None = None) -> CheckResult:
    """Verify a message by Standard Webhooks 1.0, sent within five minutes of ``at`` if given. Raises NotSigned."""
    by_name = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent = by_name["webhook-id"], int(by_name["webhook-timestamp"])
        expected = signature(secret, message_id=message_id, timestamp=sent, body=body)
        is_signed = any(
            hmac.compare_digest(expected.encode(), one.encode()) for one in by_name["webhook-signature"].split()
        )
        is_fresh = at is None or abs(at - datetime.fromtimestamp(sent, UTC)) <= TOLERANCE
        content = json.loads(body) if secret and is_signed and is_fresh else {}
        number, result = content["check"], content["result"]
    except (LookupError, ValueError, TypeError, OverflowError, OSError) as error:
        raise NotSigned from error
    if not isinstance(number, str) or len(number) > _LONGEST_NUMBER or result not in {"passed", "failed"}:
        raise NotSigned
    return CheckResult(number, passed=result == "passed")


def check_providers() -> dict[str, CheckProvider]:
    return {code: import_string(path)() for code, path in settings.CHECK_PROVIDERS.items()}

"""On what an answer stands: which text was shown, when, and whether that is good enough to give consent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from consent.consents.models import Method
from consent.notices.shown import Shown, ShownForeign, ShownMissing, ShownStale, read_shown
from consent.register.models import Purpose
from consent.register.register import Register
from consent.register.versions import TextRule

__all__ = ["TOKENLESS", "Collected", "EvidenceMissing", "Grounds", "NoticeStale", "check_grounds", "find_grounds"]

TOKENLESS = frozenset({Method.PAPER, Method.PHONE, Method.IMPORT})
"""Ways in which nothing of ours is on a screen, so that no token can come back."""


class EvidenceMissing(Exception):
    """A consent that no token proves needs other evidence."""


class NoticeStale(Exception):
    """The notice version named is not the effective one that informs about this purpose."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The version an answer names, of which purposes it is the notice in effect, and the token of its showing."""

    version: TextRule | None = None
    purposes: frozenset[str] = frozenset()
    shown: Shown | None = None

    def columns(self, language: str | None, at: datetime) -> dict[str, Any]:
        """Give the event's columns that say what was shown, when, and in which language.

        Clocks of two hosts may differ a little: nothing was shown after its answer was recorded.
        """
        found: dict[str, Any] = {"language": (self.shown and self.shown.language) or language or "en", "shown_hash": ""}
        if self.version is not None:
            found |= {
                "notice_version_id": self.version.id,
                "notice_version_owner": self.version.owner,
                "shown_hash": self.version.content_hash,
            }
        if self.shown is not None:
            found["shown_at"] = min(self.shown.at, at)
        return found


def find_grounds(
    tokens: Iterable[str | None], *, notice_version: UUID | None, language: str | None, register: Register, at: datetime
) -> Mapping[str | None, Grounds]:
    """Map each token (None: an answer without) to what it proves, whatever the answer is.

    Raises ShownForged, ShownForeign, and NoticeStale where a version is not known or not yet in effect.
    """
    proofs = {token: read_shown(token, client_id=register.client) if token else None for token in tokens}
    for shown in filter(None, proofs.values()):
        if notice_version not in {None, shown.version}:
            raise ShownForeign("The token is of another version than notice_version names.")
        if shown.language and language not in {None, shown.language}:
            raise ShownForeign(f"The notice was shown in another language: {shown.language}.")
    wanted = {token: shown.version if shown else notice_version for token, shown in proofs.items()}
    return {
        token: Grounds(_text(version, register, at), _purposes_of(version, register, at), proofs[token])
        if version
        else Grounds()
        for token, version in wanted.items()
    }


def _text(version: UUID, register: Register, at: datetime) -> TextRule:
    found = register.texts.get(version)
    if found is None or found.effective_at > at:
        raise NoticeStale
    return found


def _purposes_of(version: UUID, register: Register, at: datetime) -> frozenset[str]:
    """List the purposes for which a version is the one in effect at the client."""
    in_effect = ((code, rule.in_effect(at)) for code, rule in register.notices.items())
    return frozenset(code for code, rule in in_effect if rule is not None and rule.id == version)


@dataclass(frozen=True, slots=True)
class Collected:
    """How an answer was collected: in which way, whether anything proves it, and when, as is claimed."""

    method: Method
    has_evidence: bool
    claimed_at: datetime | None


def check_grounds(
    grounds: Grounds, purpose: Purpose, *, collected: Collected, ended_at: datetime | None, at: datetime
) -> None:
    """Go on only if consent to the purpose can be given on these grounds.

    ``ended_at`` is when consent last ended by an act: what was shown, or collected on paper, before that moment
    cannot undo it. Raises ShownMissing, EvidenceMissing, ShownForeign, ShownStale, NoticeStale.
    """
    shown, version = grounds.shown, grounds.version
    if shown is None and collected.method not in TOKENLESS:
        raise ShownMissing(purpose.code)
    if shown is None and not collected.has_evidence:
        raise EvidenceMissing(purpose.code)
    if shown is not None and purpose.code not in shown.purposes:
        raise ShownForeign(f"The notice shown tells nothing of {purpose.code}.")
    if shown is not None and at - shown.at > settings.NOTICE_SHOWN_FOR:
        raise ShownStale(purpose.code)
    if version is None or purpose.code not in grounds.purposes:
        raise NoticeStale(purpose.code)
    seen_at = shown.at if shown else collected.claimed_at
    if ended_at is not None and (seen_at is None or seen_at <= ended_at):
        raise ShownStale(purpose.code)

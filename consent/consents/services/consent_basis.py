"""The notice an answer is based on: which text was shown, when, and whether it suffices for consent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.conf import settings

from consent.consents.models.consents import Method
from consent.notices.notice_tokens import ShownNotice, TokenExpired, TokenForeign, TokenMissing, read_notice_token
from consent.register.compiled import Register
from consent.register.models.purposes import Purpose
from consent.register.versions import TextRule
from paktaleem.foundation.errors import PortalError, Problem

METHODS_WITHOUT_TOKEN = frozenset({Method.PAPER, Method.PHONE, Method.IMPORT})
"""Methods without a portal screen, so that no token exists."""


class EvidenceMissing(PortalError):
    """A consent without a token needs other evidence."""

    problem = Problem(
        "evidence-missing",
        HTTPStatus.BAD_REQUEST,
        "A consent without a token requires other evidence",
        "Give the location of the signed form, or when and with whom the call was.",
        field="evidence",
    )
    console_message = "Describe the evidence: the answer was not given on a screen of this portal."


class ClaimBeforeNotice(PortalError):
    """The claimed time of collection is before the notice took effect, so the consent cannot rest on it."""

    problem = Problem(
        "claimed-before-notice",
        HTTPStatus.CONFLICT,
        "claimed_at is before the notice took effect",
        "A consent is not older than its notice: ask again under GET /api/v1/notices/current?purpose=….",
        field="claimed_at",
    )
    console_message = "The answer is older than the notice: show the current notice and ask again."


class NoticeNotInEffect(PortalError):
    """The notice version is not the one in effect about this purpose."""

    problem = Problem(
        "notice-stale",
        HTTPStatus.CONFLICT,
        "The notice that was shown is not the one in effect",
        "Show the notice from GET /api/v1/notices/current?purpose=… and send its shown value.",
    )
    console_message = "Consent requires the current notice, and this one has been replaced: open the form again."


@dataclass(frozen=True, slots=True)
class ConsentBasis:
    """The notice version of an answer, the purposes for which it is in effect, and the token of its showing."""

    version: TextRule | None = None
    purposes: frozenset[str] = frozenset()
    shown: ShownNotice | None = None

    def shown_at(self, recorded_at: datetime) -> datetime | None:
        """Return when the notice was shown: never later than ``recorded_at``, as the clocks of two hosts may differ."""
        return min(self.shown.at, recorded_at) if self.shown else None

    def language(self, requested: str | None) -> str:
        """Return the language the notice was shown in, else the requested one, else English."""
        return (self.shown and self.shown.language) or requested or "en"


def resolve_notices(
    tokens: Iterable[str | None], *, notice_version: UUID | None, language: str | None, register: Register, at: datetime
) -> Mapping[str | None, ConsentBasis]:
    """Map each token (None: no token) to the notice it proves, for answers of any state.

    Raises TokenForged or TokenForeign if a token is not valid for this client, version or language, NoticeNotInEffect
    if a version is unknown or not yet in effect.
    """
    proofs = {token: read_notice_token(token, client_id=register.client) if token else None for token in tokens}
    for shown in filter(None, proofs.values()):
        if notice_version not in {None, shown.version}:
            raise TokenForeign("The token belongs to another version than notice_version.")
        if shown.language and language not in {None, shown.language}:
            raise TokenForeign(f"The notice was shown in another language: {shown.language}.")
    version_ids = {token: shown.version if shown else notice_version for token, shown in proofs.items()}
    return {
        token: ConsentBasis(_get_text(version, register, at), _list_purposes(version, register, at), proofs[token])
        if version
        else ConsentBasis()
        for token, version in version_ids.items()
    }


def _get_text(version: UUID, register: Register, at: datetime) -> TextRule:
    found = register.texts.get(version)
    if found is None or found.effective_at > at:
        raise NoticeNotInEffect
    return found


def _list_purposes(version: UUID, register: Register, at: datetime) -> frozenset[str]:
    """Return the purposes for which a version is in effect at the client."""
    in_effect = ((code, rule.in_effect(at)) for code, rule in register.notices.items())
    return frozenset(code for code, rule in in_effect if rule is not None and rule.id == version)


@dataclass(frozen=True, slots=True)
class CollectionMethod:
    """How an answer was collected: the method, whether there is evidence, and the claimed time."""

    method: Method
    has_evidence: bool
    claimed_at: datetime | None


def check_consent_basis(
    grounds: ConsentBasis,
    purpose: Purpose,
    *,
    collected: CollectionMethod,
    ended_at: datetime | None,
    widened_at: datetime | None = None,
    at: datetime,
) -> None:
    """Raise unless consent to the purpose can be given under this notice: informed and specific (GDPR Art. 4(11)).

    ``ended_at`` is when consent last ended or was refused (``ConsentHistory``), ``widened_at`` when the purpose was
    last widened; a notice shown, or a form collected, before that time does not count.

    Raises TokenMissing, EvidenceMissing, TokenForeign, TokenExpired, NoticeNotInEffect, ClaimBeforeNotice.
    """
    shown, version = grounds.shown, grounds.version
    if shown is None and collected.method not in METHODS_WITHOUT_TOKEN:
        raise TokenMissing(purpose.code)
    if shown is None and not collected.has_evidence:
        raise EvidenceMissing(purpose.code)
    if shown is not None and purpose.code not in shown.purposes:
        raise TokenForeign(f"The notice shown does not inform about {purpose.code}.")
    if shown is not None and at - shown.at > settings.NOTICE_SHOWN_FOR:
        raise TokenExpired(purpose.code)
    if version is None or purpose.code not in grounds.purposes:
        raise NoticeNotInEffect(purpose.code)
    seen_at = _get_seen_at(shown, version, collected.claimed_at)
    if ended_at is not None and (seen_at is None or seen_at <= ended_at):
        raise TokenExpired(purpose.code)
    if widened_at is not None and (seen_at or version.effective_at) <= widened_at:
        raise TokenExpired(purpose.code)


def _get_seen_at(shown: ShownNotice | None, version: TextRule, claimed_at: datetime | None) -> datetime | None:
    """Return the earlier of the time of showing and the claimed time of the answer, None if neither is known."""
    if claimed_at is not None and claimed_at < version.effective_at:
        raise ClaimBeforeNotice
    moments = (shown.at if shown else None, claimed_at)
    return min((moment for moment in moments if moment is not None), default=None)

"""Authority to consent for a child: the strength of verifications, and the combined result of the answers. Pure.

The methods are those of COPPA (16 CFR 312.5(b)(2)), and attestation by the school. Email-plus and text-plus prove only
control of a contact: they are insufficient where data reaches outside recipients (312.5(b)(2)(viii) and (ix)).
The latest answer of each guardian counts (NHS Mavis). A refusal by one guardian with authority overrides another's
consent, so asking only the parent who agrees permits nothing. Unknown facts deny, for sharing in particular. Facts
are those known at the time in question; periods are ``[starts, ends)``.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from http import HTTPStatus
from uuid import UUID

from paktaleem.foundation.errors import PortalError, Problem


class Strength(IntEnum):
    """The strength of a verification; a greater one includes the smaller."""

    NONE = 0
    BASIC = 1
    """Sufficient for internal use, never where data reaches an outside recipient."""
    SUBSTANTIAL = 2
    """Sufficient for every purpose."""
    HIGH = 3
    """The person or one of their documents was seen."""


class Method(StrEnum):
    SIGNED_FORM = "signed_form"
    IN_PERSON = "in_person"
    SCHOOL_ATTESTED = "school_attested"
    PAYMENT_CARD = "payment_card"
    TOLL_FREE_CALL = "toll_free_call"
    VIDEO_CONFERENCE = "video_conference"
    GOV_ID_DATABASE = "gov_id_database"
    KNOWLEDGE_BASED = "knowledge_based"
    FACE_MATCH_PHOTO_ID = "face_match_photo_id"
    EMAIL_PLUS = "email_plus"
    TEXT_PLUS = "text_plus"


METHODS: dict[Method, Strength] = {
    Method.SIGNED_FORM: Strength.HIGH,
    Method.IN_PERSON: Strength.HIGH,
    Method.VIDEO_CONFERENCE: Strength.HIGH,
    Method.GOV_ID_DATABASE: Strength.HIGH,
    Method.FACE_MATCH_PHOTO_ID: Strength.HIGH,
    Method.PAYMENT_CARD: Strength.SUBSTANTIAL,
    Method.TOLL_FREE_CALL: Strength.SUBSTANTIAL,
    Method.KNOWLEDGE_BASED: Strength.SUBSTANTIAL,
    Method.SCHOOL_ATTESTED: Strength.BASIC,
    Method.EMAIL_PLUS: Strength.BASIC,
    Method.TEXT_PLUS: Strength.BASIC,
}

CONFIRMED: dict[Method, Strength] = {Method.SCHOOL_ATTESTED: Strength.SUBSTANTIAL}
"""Methods by which no one saw a document or the guardian; they are stronger once a second person confirms them."""

PROVIDER_METHODS = frozenset(
    {
        Method.PAYMENT_CARD,
        Method.TOLL_FREE_CALL,
        Method.VIDEO_CONFERENCE,
        Method.GOV_ID_DATABASE,
        Method.KNOWLEDGE_BASED,
        Method.FACE_MATCH_PHOTO_ID,
    }
)
"""Methods carried out by a provider; only the number and the result of the check are stored."""

STAFF_METHODS = frozenset({Method.SIGNED_FORM, Method.IN_PERSON, Method.SCHOOL_ATTESTED})
"""Methods carried out by the school's staff; the evidence is a reference, or a signed form that is stored sealed."""


def strength_of(method: str) -> Strength:
    """Return the strength of a method (16 CFR 312.5(b)(2)); NONE for an unknown one."""
    return METHODS.get(Method(method), Strength.NONE) if method in set(Method) else Strength.NONE


def needed_strength(*, reaches_outside: bool) -> Strength:
    """Return the strength that a purpose requires: more if data reaches others (16 CFR 312.5(b)(2)(viii))."""
    return Strength.SUBSTANTIAL if reaches_outside else Strength.BASIC


GIVEN, REFUSED, WITHDRAWN, LAPSED = "given", "refused", "withdrawn", "lapsed"


@dataclass(frozen=True, slots=True)
class VerificationPeriod:
    """The strength and period of one verification of a guardian; a verification found false has ended."""

    strength: int
    starts_at: datetime
    ends_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about the service; ``shares``, about outside recipients, is None if that was not asked."""

    id: UUID
    decision: str
    recorded_at: datetime
    shares: bool | None = None
    expires_at: datetime | None = None

    @property
    def is_no(self) -> bool:
        """Return True unless the answer is ``given``: an unknown answer counts as a refusal."""
        return self.decision != GIVEN


@dataclass(frozen=True, slots=True)
class Guardian:
    """One guardian of a child; ``verified`` lacks verifications found false, and no answer rests on one.

    ``once_verified_at`` is the time of the first verification, found false or not.
    """

    id: UUID
    person: UUID
    starts_at: datetime
    ends_at: datetime | None = None
    may_consent: bool = False
    court_order: bool = False
    erased_at: datetime | None = None
    verified: tuple[VerificationPeriod, ...] = ()
    once_verified_at: datetime | None = None
    answer: Answer | None = None

    def is_live(self, at: datetime) -> bool:
        """Return True if the person is a guardian who may consent at ``at`` and is not erased."""
        return self._is_in_effect(at) and not self._is_erased(at)

    def _is_in_effect(self, at: datetime) -> bool:
        in_time = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return in_time and self.may_consent and not self.court_order

    def _is_erased(self, at: datetime) -> bool:
        return self.erased_at is not None and self.erased_at <= at

    def _was_verified(self, at: datetime) -> bool:
        once = self.once_verified_at is not None and self.once_verified_at <= at
        return once or any(one.starts_at <= at for one in self.verified)

    def strength(self, at: datetime) -> int:
        return max((one.strength for one in self.verified if one.is_live(at)), default=int(Strength.NONE))

    def has_authority(self, at: datetime) -> bool:
        return self.is_live(at) and self.strength(at) > Strength.NONE

    def may_forbid(self, at: datetime) -> bool:
        """Return True if a refusal counts: the guardian was verified at least once, rightly or not."""
        return self.is_live(at) and self._was_verified(at)

    def left_refusal(self, at: datetime) -> bool:
        """Return True if they were erased while their refusal was in effect: it remains in effect (decision 0028)."""
        said_no = self.answer is not None and self.answer.is_no and self.answer.recorded_at <= at
        return said_no and self._is_erased(at) and self._is_in_effect(at) and self._was_verified(at)


@dataclass(frozen=True, slots=True)
class Standing:
    """The combined result of all answers; ``until`` is when it may next change without a new answer.

    ``strength`` is that of the best verified consenting guardian. ``may_share`` is True if those verified strongly
    enough agreed to outside recipients. ``persons`` are the guardians whose consent counts now.
    """

    state: str | None = None
    answer: UUID | None = None
    until: datetime | None = None
    strength: int = int(Strength.NONE)
    may_share: bool = False
    in_conflict: bool = False
    persons: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class ChildFacts:
    """The input of a decision about one child: guardians, the child's own refusal, and quarantine."""

    quarantined: bool = False
    own_no: Answer | None = None
    guardians: tuple[Guardian, ...] = ()

    def standing(self, at: datetime) -> Standing:
        return combine_answers(self.guardians, at, own_no=self.own_no)

    def find_guardian(self, guardianship_id: UUID) -> Guardian | None:
        return next((one for one in self.guardians if one.id == guardianship_id), None)


def grants_more(before: Standing, after: Standing) -> bool:
    """Return True if ``after`` permits something that ``before`` did not."""
    if after.state != GIVEN:
        return False
    return before.state != GIVEN or after.strength > before.strength or (after.may_share and not before.may_share)


def combine_answers(guardians: Sequence[Guardian], at: datetime, *, own_no: Answer | None = None) -> Standing:
    """Return the combined result at ``at`` of the answers about the service for one child (policy §8; decision 0028).

    A child's own refusal, or that of an erased guardian, is in effect until a guardian consents after it.
    """
    until = min(_change_times(guardians, at), default=None)
    persons = frozenset(one.person for one in guardians if one.has_authority(at))
    consents = list(_consents(guardians, at))
    refusals = [*_refusals(guardians, at), *_refusals_of_erased(guardians, consents, at)]
    if refusals:
        return _refused(max(refusals, key=_recorded_at), until, persons, in_conflict=bool(consents))
    if own_no is not None and all(answer.recorded_at <= own_no.recorded_at for _, answer in consents):
        return _refused(own_no, until, persons, in_conflict=False)
    return _given(consents, at, until, persons) if consents else _without_yes(guardians, at, until, persons)


def _consents(guardians: Iterable[Guardian], at: datetime) -> Iterator[tuple[Guardian, Answer]]:
    for one in guardians:
        answer = one.answer
        if answer is None or answer.is_no or answer.recorded_at > at or not one.has_authority(at):
            continue
        if answer.expires_at is None or at < answer.expires_at:
            yield one, answer


def _refusals(guardians: Iterable[Guardian], at: datetime) -> Iterator[Answer]:
    for one in guardians:
        if one.answer is not None and one.answer.is_no and one.answer.recorded_at <= at and one.may_forbid(at):
            yield one.answer


def _refusals_of_erased(
    guardians: Iterable[Guardian], consents: Sequence[tuple[Guardian, Answer]], at: datetime
) -> Iterator[Answer]:
    """Yield the refusals of erased guardians after whose erasure no guardian with authority has consented."""
    for one in guardians:
        if one.answer is None or one.erased_at is None or not one.left_refusal(at):
            continue
        if all(answer.recorded_at <= one.erased_at for _, answer in consents):
            yield one.answer


def _refused(answer: Answer, until: datetime | None, persons: frozenset[UUID], *, in_conflict: bool) -> Standing:
    state = answer.decision if answer.decision in {REFUSED, WITHDRAWN} else REFUSED
    return Standing(state, answer.id, until, in_conflict=in_conflict, persons=persons)


def _given(
    consents: Sequence[tuple[Guardian, Answer]], at: datetime, until: datetime | None, persons: frozenset[UUID]
) -> Standing:
    strong = [answer for one, answer in consents if one.strength(at) >= Strength.SUBSTANTIAL]
    all_say_so = all(answer.shares for answer in strong) and not any(answer.shares is False for _, answer in consents)
    return Standing(
        GIVEN,
        max((answer for _, answer in consents), key=_recorded_at).id,
        until,
        strength=max(one.strength(at) for one, _ in consents),
        may_share=bool(strong) and all_say_so,
        persons=persons,
    )


def _without_yes(
    guardians: Iterable[Guardian], at: datetime, until: datetime | None, persons: frozenset[UUID]
) -> Standing:
    answers = [one.answer for one in guardians if one.answer is not None and one.answer.recorded_at <= at]
    consents = [answer for answer in answers if not answer.is_no]
    if not consents:
        return Standing(until=until, persons=persons)
    return Standing(LAPSED, max(consents, key=_recorded_at).id, until, persons=persons)


def _recorded_at(answer: Answer) -> datetime:
    return answer.recorded_at


def _change_times(guardians: Iterable[Guardian], at: datetime) -> Iterator[datetime]:
    for one in guardians:
        times = [one.starts_at, one.ends_at, one.erased_at]
        times += [moment for period in one.verified for moment in (period.starts_at, period.ends_at)]
        times += [one.answer.expires_at] if one.answer is not None else []
        yield from (moment for moment in times if moment is not None and at < moment)


class RequestBlocker(StrEnum):
    NOT_VERIFIED = "not_verified"
    """The guardian has no valid verification or may not decide."""
    TOO_WEAK = "too_weak"
    """The guardian is verified by two messages only: enough to decide, not to receive a child's data."""
    NOT_TOLD = "not_told"
    """The guardian may not receive data about the child."""


def why_not_allowed(
    guardian: Guardian, *, discloses_data: bool, may_receive_data: bool, at: datetime
) -> RequestBlocker | None:
    """Return why this guardian may not make a request, or None if they may.

    A request that discloses data also needs the strength of outside recipients (COPPA, 16 CFR 312.5(b)(2)(viii)) and
    ``may_receive_data``.
    """
    if not guardian.has_authority(at):
        return RequestBlocker.NOT_VERIFIED
    if not discloses_data:
        return None
    if not may_receive_data:
        return RequestBlocker.NOT_TOLD
    return RequestBlocker.TOO_WEAK if guardian.strength(at) < Strength.SUBSTANTIAL else None


_LEAST_WORDS = 3
_RUN = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){12,18}(?![0-9])")
"""Thirteen to nineteen digits, in groups or not: a CNIC has thirteen, cards have thirteen to nineteen."""


class CardNumberFound(PortalError, ValueError):
    """The text contains what looks like an identity card or payment card number, which is never stored."""

    problem = Problem(
        "number-not-kept",
        "Evidence must not contain the number of an identity card or payment card",
        "State where the document is kept, not its contents.",
        field="evidence",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = "Do not enter numbers of identity cards or payment cards: state where the document is kept."


class EvidenceRequired(PortalError, ValueError):
    """Neither a signed form was given, nor words that say where it is kept, or who saw the guardian and when."""

    problem = Problem(
        "evidence-missing",
        "Consent given outside the portal needs evidence",
        "State where the signed form is kept, or who saw the guardian and when, in at least three words.",
        field="evidence",
        status=HTTPStatus.BAD_REQUEST,
    )
    console_message = (
        "State where the evidence is kept, or who saw the guardian and when, in at least three words; or add the form."
    )


def require_evidence(text: str, *, has_file: bool) -> None:
    """Check that evidence names something that another person can look up or ask. Raises EvidenceRequired."""
    words = [word for word in text.split() if any(letter.isalnum() for letter in word)]
    if not has_file and len(words) < _LEAST_WORDS:
        raise EvidenceRequired


def check_evidence(text: str) -> str:
    """Return the text, trimmed. Raises CardNumberFound if it contains what looks like a card number."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in text)
    if _RUN.search(digits):
        raise CardNumberFound
    return text.strip()

"""Who may say yes for a child at a moment, and what the guardians' answers come to. Pure.

The latest answer of each guardian counts (NHS Mavis), and a no of any one with authority stands over the other's yes:
nothing opens by asking the parent who agrees. What is not known is closed: sharing above all. Facts are given as they
stood at the moment; periods are ``[starts, ends)``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from children.guardians.strength import Strength

__all__ = ["Answer", "ChildFacts", "Guardian", "Standing", "Verified", "opens", "standing"]

GIVEN, REFUSED, WITHDRAWN, LAPSED = "given", "refused", "withdrawn", "lapsed"


@dataclass(frozen=True, slots=True)
class Verified:
    """One verification of a guardian: how strong, from when, until when; found false it has ended."""

    strength: int
    starts_at: datetime
    ends_at: datetime | None = None

    def is_live(self, at: datetime) -> bool:
        """Say whether it shows anything at the moment."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer about the service: given, refused or withdrawn.

    ``shares`` is the answer about recipients outside, apart from it; None where that was not asked.
    """

    id: UUID
    decision: str
    recorded_at: datetime
    shares: bool | None = None
    expires_at: datetime | None = None

    @property
    def is_no(self) -> bool:
        """Whether it is not a yes: what is not understood is a no."""
        return self.decision != GIVEN


@dataclass(frozen=True, slots=True)
class Guardian:
    """One guardian of a child: who, whether they may consent, for how long, how verified, what they last said.

    ``verified`` has the verifications never found false, those that have expired too; ``once_verified_at`` is when they
    first were, found false or not. ``answer`` stands on no verification that was found false.
    """

    id: UUID
    person: UUID
    starts_at: datetime
    ends_at: datetime | None = None
    may_consent: bool = False
    court_order: bool = False
    erased_at: datetime | None = None
    verified: tuple[Verified, ...] = ()
    once_verified_at: datetime | None = None
    answer: Answer | None = None

    def is_live(self, at: datetime) -> bool:
        """Say whether the person stands as a guardian who may consent at the moment."""
        return self._stands(at) and not self._is_erased(at)

    def _stands(self, at: datetime) -> bool:
        in_time = self.starts_at <= at and (self.ends_at is None or at < self.ends_at)
        return in_time and self.may_consent and not self.court_order

    def _is_erased(self, at: datetime) -> bool:
        return self.erased_at is not None and self.erased_at <= at

    def _was_verified(self, at: datetime) -> bool:
        once = self.once_verified_at is not None and self.once_verified_at <= at
        return once or any(one.starts_at <= at for one in self.verified)

    def strength(self, at: datetime) -> int:
        """Give the strongest verification that is live."""
        return max((one.strength for one in self.verified if one.is_live(at)), default=int(Strength.NONE))

    def has_authority(self, at: datetime) -> bool:
        """Say whether a yes of theirs counts at the moment."""
        return self.is_live(at) and self.strength(at) > Strength.NONE

    def may_forbid(self, at: datetime) -> bool:
        """Say whether a no of theirs counts: for as long as they are a guardian, once verified, rightly or not.

        It does not end with a verification: whatever is found out about that, a no closes, and nothing opens by it.
        """
        return self.is_live(at) and self._was_verified(at)

    def left_a_no(self, at: datetime) -> bool:
        """Say whether they were erased with a no that stood: it stays, as a fact without a person (decision 0036)."""
        said_no = self.answer is not None and self.answer.is_no and self.answer.recorded_at <= at
        return said_no and self._is_erased(at) and self._stands(at) and self._was_verified(at)


@dataclass(frozen=True, slots=True)
class Standing:
    """What all answers come to: the state, the answer it rests on, until when it cannot change by itself.

    ``strength`` is that of the strongest yes; ``may_share`` that those strong enough agreed to recipients outside;
    ``persons`` are all whose yes counts now, about a single purpose too; ``in_conflict`` that one says yes, another no.
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
    """What a decision is told of one person's guardians, and whether the person's data is held back."""

    quarantined: bool = False
    own_no: Answer | None = None
    guardians: tuple[Guardian, ...] = ()

    def standing(self, at: datetime) -> Standing:
        """Resolve the answers at a moment."""
        return standing(self.guardians, at, own_no=self.own_no)


def opens(before: Standing, after: Standing) -> bool:
    """Say whether something would be allowed afterwards that was not before."""
    if after.state != GIVEN:
        return False
    return before.state != GIVEN or after.strength > before.strength or (after.may_share and not before.may_share)


def standing(guardians: Sequence[Guardian], at: datetime, *, own_no: Answer | None = None) -> Standing:
    """Resolve the answers about one child's service at a moment; ``own_no`` is the child's own last word.

    A child may refuse or withdraw, never give: its no stands until a guardian answers anew, knowing of it. So does the
    no of a guardian who was erased, until another answers anew since then.
    """
    until = min(_moments(guardians, at), default=None)
    persons = frozenset(one.person for one in guardians if one.has_authority(at))
    yeses = list(_yeses(guardians, at))
    noes = [*_noes(guardians, at), *_noes_left(guardians, yeses, at)]
    if noes:
        return _no(max(noes, key=_when), until, persons, in_conflict=bool(yeses))
    if own_no is not None and all(answer.recorded_at <= own_no.recorded_at for _, answer in yeses):
        return _no(own_no, until, persons, in_conflict=False)
    return _yes(yeses, at, until, persons) if yeses else _without_yes(guardians, at, until, persons)


def _yeses(guardians: Iterable[Guardian], at: datetime) -> Iterator[tuple[Guardian, Answer]]:
    for one in guardians:
        answer = one.answer
        if answer is None or answer.is_no or answer.recorded_at > at or not one.has_authority(at):
            continue
        if answer.expires_at is None or at < answer.expires_at:
            yield one, answer


def _noes(guardians: Iterable[Guardian], at: datetime) -> Iterator[Answer]:
    for one in guardians:
        if one.answer is not None and one.answer.is_no and one.answer.recorded_at <= at and one.may_forbid(at):
            yield one.answer


def _noes_left(
    guardians: Iterable[Guardian], yeses: Sequence[tuple[Guardian, Answer]], at: datetime
) -> Iterator[Answer]:
    """Give what the erased forbade, as long as nobody with authority has said yes since they were."""
    for one in guardians:
        if one.answer is None or one.erased_at is None or not one.left_a_no(at):
            continue
        if all(answer.recorded_at <= one.erased_at for _, answer in yeses):
            yield one.answer


def _no(answer: Answer, until: datetime | None, persons: frozenset[UUID], *, in_conflict: bool) -> Standing:
    state = answer.decision if answer.decision in {REFUSED, WITHDRAWN} else REFUSED
    return Standing(state, answer.id, until, in_conflict=in_conflict, persons=persons)


def _yes(
    yeses: Sequence[tuple[Guardian, Answer]], at: datetime, until: datetime | None, persons: frozenset[UUID]
) -> Standing:
    strong = [answer for one, answer in yeses if one.strength(at) >= Strength.SUBSTANTIAL]
    all_say_so = all(answer.shares for answer in strong) and not any(answer.shares is False for _, answer in yeses)
    return Standing(
        GIVEN,
        max((answer for _, answer in yeses), key=_when).id,
        until,
        strength=max(one.strength(at) for one, _ in yeses),
        may_share=bool(strong) and all_say_so,
        persons=persons,
    )


def _without_yes(
    guardians: Iterable[Guardian], at: datetime, until: datetime | None, persons: frozenset[UUID]
) -> Standing:
    """Say what it is when nobody says yes: somebody did, and may not any more (lapsed), or nobody has answered."""
    answers = [one.answer for one in guardians if one.answer is not None and one.answer.recorded_at <= at]
    said = [answer for answer in answers if not answer.is_no]
    if not said:
        return Standing(until=until, persons=persons)
    return Standing(LAPSED, max(said, key=_when).id, until, persons=persons)


def _when(answer: Answer) -> datetime:
    return answer.recorded_at


def _moments(guardians: Iterable[Guardian], at: datetime) -> Iterator[datetime]:
    for one in guardians:
        yield from (moment for moment in _moments_of(one) if moment is not None and at < moment)


def _moments_of(guardian: Guardian) -> Iterator[datetime | None]:
    yield from (guardian.starts_at, guardian.ends_at, guardian.erased_at)
    for one in guardian.verified:
        yield from (one.starts_at, one.ends_at)
    if guardian.answer is not None:
        yield guardian.answer.expires_at

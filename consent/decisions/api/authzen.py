"""Parsing of OpenID AuthZEN 1.0 requests: known fields are validated, unknown fields ignored."""

import json
from datetime import datetime
from typing import Any, Literal

import msgspec

from consent.decisions.decision import Question
from consent.decisions.selectors.decisions import EvaluationRequest

__all__ = [
    "MAX_EVALUATIONS",
    "MAX_PAST_TIMES",
    "Batch",
    "InvalidEvaluation",
    "Semantic",
    "read_batch",
    "read_question",
]

MAX_EVALUATIONS = 1_000
"""Maximum number of evaluations in one request."""
MAX_PAST_TIMES = 20
"""Maximum number of different past times in one request: each needs its own register."""

_PEOPLE = frozenset({"end_user", "user"})

type Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class InvalidEvaluation(ValueError):
    """The request, or one of its evaluations, is not valid; the argument is the message."""


class _Subject(msgspec.Struct):
    type: str
    id: str
    properties: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class _Action(msgspec.Struct):
    name: str
    properties: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class _ResourceProperties(msgspec.Struct):
    categories: list[str] | None = None
    recipient: str | None = None


class _Resource(msgspec.Struct):
    type: str
    id: str
    properties: _ResourceProperties = msgspec.field(default_factory=_ResourceProperties)


class _Context(msgspec.Struct):
    time: datetime | None = None


class _Item(msgspec.Struct):
    """One evaluation, or the defaults of a batch; each part is replaced as a whole."""

    subject: _Subject | msgspec.UnsetType = msgspec.UNSET
    action: _Action | msgspec.UnsetType = msgspec.UNSET
    resource: _Resource | msgspec.UnsetType = msgspec.UNSET
    context: _Context | msgspec.UnsetType = msgspec.UNSET

    def asked(self, defaults: "_Item", now: datetime) -> EvaluationRequest:
        """Return the question, using the defaults for missing parts. Raises BadQuestion."""
        subject = self.subject or defaults.subject or _raise_missing("subject")
        action = self.action or defaults.action or _raise_missing("action")
        resource = self.resource or defaults.resource or _raise_missing("resource")
        context = self.context or defaults.context or _NO_CONTEXT
        categories = resource.properties.categories
        question = Question(
            purpose=resource.id,
            action=action.name,
            categories=None if categories is None else frozenset(categories),
            recipient=resource.properties.recipient,
            is_about_person=subject.type in _PEOPLE,
            is_about_purpose=resource.type == "purpose",
            at=now if context.time is None else _check_time(context.time, now),
        )
        return EvaluationRequest(subject.id if question.is_about_person else "", question)


class _Options(msgspec.Struct):
    evaluations_semantic: Semantic = "execute_all"


class _Batch(_Item):
    evaluations: list[msgspec.Raw] = []
    options: _Options = msgspec.field(default_factory=_Options)


class Batch(msgspec.Struct, frozen=True):
    """The evaluations of a request in order: questions or errors; ``single`` for a request without a list."""

    items: list[EvaluationRequest | InvalidEvaluation]
    semantic: Semantic
    single: bool

    @property
    def questions(self) -> list[EvaluationRequest]:
        """Return the valid questions, in order."""
        return [one for one in self.items if isinstance(one, EvaluationRequest)]


_NO_CONTEXT = _Context()
_NO_DEFAULTS = _Item()
_item = msgspec.json.Decoder(_Item)
_batch = msgspec.json.Decoder(_Batch)


def read_question(body: bytes, now: datetime) -> EvaluationRequest:
    """Parse the body of an evaluation request. Raises BadQuestion."""
    try:
        item = _item.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEvaluation(_error_message(error)) from error
    _refuse_duplicate_names(body)
    return item.asked(_NO_DEFAULTS, now)


def read_batch(body: bytes, now: datetime) -> Batch:
    """Parse the body of an evaluations request; bad items become errors. Raises BadQuestion for a bad request."""
    try:
        batch = _batch.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEvaluation(_error_message(error)) from error
    if len(batch.evaluations) > MAX_EVALUATIONS:
        raise InvalidEvaluation(
            f"A request holds at most {MAX_EVALUATIONS:,} evaluations, not {len(batch.evaluations):,}."
        )
    _refuse_duplicate_names(body)
    if not batch.evaluations:
        return Batch([batch.asked(_NO_DEFAULTS, now)], batch.options.evaluations_semantic, single=True)
    items = [_read_item(raw, batch, now) for raw in batch.evaluations]
    moments = {one.question.at for one in items if isinstance(one, EvaluationRequest)} - {now}
    if len(moments) > MAX_PAST_TIMES:
        raise InvalidEvaluation(f"A request asks about at most {MAX_PAST_TIMES} past times, not {len(moments)}.")
    return Batch(items, batch.options.evaluations_semantic, single=False)


def _read_item(raw: msgspec.Raw, defaults: _Item, now: datetime) -> EvaluationRequest | InvalidEvaluation:
    try:
        return _item.decode(raw).asked(defaults, now)
    except InvalidEvaluation as error:
        return error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return InvalidEvaluation(_error_message(error))


def _raise_missing(part: str) -> Any:
    raise InvalidEvaluation(f"The {part} is missing.")


def _check_time(asked: datetime, now: datetime) -> datetime:
    if asked.tzinfo is None:
        raise InvalidEvaluation("context.time needs an offset, such as 2026-11-24T09:30:00+05:00")
    if asked > now:
        raise InvalidEvaluation("context.time is in the future: ask about now or the past")
    return asked


def _error_message(error: Exception) -> str:
    if isinstance(error, msgspec.DecodeError):
        return str(error)
    return "The body is not UTF-8." if isinstance(error, UnicodeDecodeError) else "The body nests too deeply."


def _refuse_duplicate_names(text: bytes) -> None:
    """Raise BadQuestion for duplicate names in an object (RFC 7493 §2.3): parsers differ in which one they use."""
    try:
        json.loads(text, object_pairs_hook=_refuse_duplicates, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise InvalidEvaluation("The body nests too deeply.") from error


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise InvalidEvaluation("An object has a duplicate name.")

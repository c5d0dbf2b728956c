"""Parsing of OpenID AuthZEN 1.0 requests: known fields are validated, unknown fields ignored."""

import json
from datetime import datetime
from functools import partial
from typing import Any, Literal

import msgspec

from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import EvaluationRequest

MAX_EVALUATIONS = 1_000
"""Maximum number of evaluations in one request."""

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
    role: str | None = None


class _Item(msgspec.Struct):
    """One evaluation, or the defaults of a batch; each part is replaced as a whole."""

    subject: _Subject | msgspec.UnsetType = msgspec.UNSET
    action: _Action | msgspec.UnsetType = msgspec.UNSET
    resource: _Resource | msgspec.UnsetType = msgspec.UNSET
    context: _Context | msgspec.UnsetType = msgspec.UNSET

    def asked(self, defaults: "_Item") -> EvaluationRequest:
        """Return the question, using the defaults for missing parts. Raises InvalidEvaluation."""
        subject = self.subject or defaults.subject or _raise_missing("subject")
        action = self.action or defaults.action or _raise_missing("action")
        resource = self.resource or defaults.resource or _raise_missing("resource")
        context = self.context or defaults.context or _NO_CONTEXT
        categories = resource.properties.categories
        is_about_person = subject.type in _PEOPLE
        question = partial(
            Question,
            purpose=resource.id,
            action=action.name,
            categories=None if categories is None else frozenset(categories),
            recipient=resource.properties.recipient,
            role=context.role,
            is_about_person=is_about_person,
            is_about_purpose=resource.type == "purpose",
        )
        return EvaluationRequest(subject.id if is_about_person else "", question, _check_time(context.time))


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


def read_question(body: bytes) -> EvaluationRequest:
    """Parse the body of an evaluation request. Raises InvalidEvaluation."""
    try:
        item = _item.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidEvaluation(_error_message(error)) from error
    _refuse_duplicate_names(body)
    return item.asked(_NO_DEFAULTS)


def read_batch(body: bytes) -> Batch:
    """Parse the body of an evaluations request; bad items become errors. Raises InvalidEvaluation for a bad request."""
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
        return Batch([batch.asked(_NO_DEFAULTS)], batch.options.evaluations_semantic, single=True)
    items = [_read_item(raw, batch) for raw in batch.evaluations]
    return Batch(items, batch.options.evaluations_semantic, single=False)


def _read_item(raw: msgspec.Raw, defaults: _Item) -> EvaluationRequest | InvalidEvaluation:
    try:
        return _item.decode(raw).asked(defaults)
    except InvalidEvaluation as error:
        return error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return InvalidEvaluation(_error_message(error))


def _raise_missing(part: str) -> Any:
    raise InvalidEvaluation(f"The {part} is missing.")


def _check_time(asked: datetime | None) -> datetime | None:
    if asked is not None and asked.tzinfo is None:
        raise InvalidEvaluation("context.time needs an offset, such as 2026-11-24T09:30:00+05:00")
    return asked


def _error_message(error: Exception) -> str:
    if isinstance(error, msgspec.DecodeError):
        return str(error)
    return "The body is not UTF-8." if isinstance(error, UnicodeDecodeError) else "The body nests too deeply."


def _refuse_duplicate_names(text: bytes) -> None:
    """Raise InvalidEvaluation if an object has a name twice (RFC 7493 §2.3): parsers differ in which one they use."""
    try:
        json.loads(text, object_pairs_hook=_refuse_duplicates, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise InvalidEvaluation("The body nests too deeply.") from error


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise InvalidEvaluation("An object has a duplicate name.")

"""Questions as OpenID AuthZEN 1.0 writes them: what is known is checked, what is not known is ignored."""

import json
from datetime import datetime
from typing import Any, Literal

import msgspec

from consent.decision import Question
from consent.selectors.decisions import Asked

__all__ = [
    "MOST_ITEMS",
    "MOST_MOMENTS",
    "BadQuestion",
    "Batch",
    "Semantic",
    "read_batch",
    "read_question",
]

MOST_ITEMS = 1_000
"""How many evaluations one request may hold."""
MOST_MOMENTS = 20
"""How many different past moments one request may ask about: each has a register of its own to be read."""

_PEOPLE = frozenset({"end_user", "user"})

type Semantic = Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"]


class BadQuestion(ValueError):
    """The request, or one of its evaluations, cannot be understood; the text says what is wrong."""


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
    """One evaluation, or the defaults of many; each part is taken whole or not at all."""

    subject: _Subject | msgspec.UnsetType = msgspec.UNSET
    action: _Action | msgspec.UnsetType = msgspec.UNSET
    resource: _Resource | msgspec.UnsetType = msgspec.UNSET
    context: _Context | msgspec.UnsetType = msgspec.UNSET

    def asked(self, defaults: "_Item", now: datetime) -> Asked:
        """Turn it into a question, with the defaults for the parts it leaves out. Raises BadQuestion."""
        subject = self.subject or defaults.subject or _missing("subject")
        action = self.action or defaults.action or _missing("action")
        resource = self.resource or defaults.resource or _missing("resource")
        context = self.context or defaults.context or _NO_CONTEXT
        categories = resource.properties.categories
        question = Question(
            purpose=resource.id,
            action=action.name,
            categories=None if categories is None else frozenset(categories),
            recipient=resource.properties.recipient,
            is_about_person=subject.type in _PEOPLE,
            is_about_purpose=resource.type == "purpose",
            at=now if context.time is None else _moment(context.time, now),
        )
        return Asked(subject.id if question.is_about_person else "", question)


class _Options(msgspec.Struct):
    evaluations_semantic: Semantic = "execute_all"


class _Batch(_Item):
    evaluations: list[msgspec.Raw] = []
    options: _Options = msgspec.field(default_factory=_Options)


class Batch(msgspec.Struct, frozen=True):
    """Evaluations in their order, each a question or why it is none; ``single`` where the request is but one."""

    items: list[Asked | BadQuestion]
    semantic: Semantic
    single: bool

    @property
    def questions(self) -> list[Asked]:
        """Those that are questions, in their order."""
        return [one for one in self.items if isinstance(one, Asked)]


_NO_CONTEXT = _Context()
_NO_DEFAULTS = _Item()
_item = msgspec.json.Decoder(_Item)
_batch = msgspec.json.Decoder(_Batch)


def read_question(body: bytes, now: datetime) -> Asked:
    """Read the body of an evaluation. Raises BadQuestion."""
    try:
        item = _item.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadQuestion(_told(error)) from error
    _refuse_doubled_names(body)
    return item.asked(_NO_DEFAULTS, now)


def read_batch(body: bytes, now: datetime) -> Batch:
    """Read the body of evaluations; a bad item is kept as such. Raises BadQuestion for the request as a whole."""
    try:
        batch = _batch.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadQuestion(_told(error)) from error
    if len(batch.evaluations) > MOST_ITEMS:
        raise BadQuestion(f"A request holds at most {MOST_ITEMS:,} evaluations, not {len(batch.evaluations):,}.")
    _refuse_doubled_names(body)
    if not batch.evaluations:
        return Batch([batch.asked(_NO_DEFAULTS, now)], batch.options.evaluations_semantic, single=True)
    items = [_read_item(raw, batch, now) for raw in batch.evaluations]
    moments = {one.question.at for one in items if isinstance(one, Asked)} - {now}
    if len(moments) > MOST_MOMENTS:
        raise BadQuestion(f"A request asks about at most {MOST_MOMENTS} past moments, not {len(moments)}.")
    return Batch(items, batch.options.evaluations_semantic, single=False)


def _read_item(raw: msgspec.Raw, defaults: _Item, now: datetime) -> Asked | BadQuestion:
    try:
        return _item.decode(raw).asked(defaults, now)
    except BadQuestion as error:
        return error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return BadQuestion(_told(error))


def _missing(part: str) -> Any:
    raise BadQuestion(f"The {part} is missing.")


def _moment(asked: datetime, now: datetime) -> datetime:
    if asked.tzinfo is None:
        raise BadQuestion("context.time needs an offset, such as 2026-11-24T09:30:00+05:00")
    if asked > now:
        raise BadQuestion("context.time lies in the future: ask about now or the past")
    return asked


def _told(error: Exception) -> str:
    if isinstance(error, msgspec.DecodeError):
        return str(error)
    return "The body is not UTF-8." if isinstance(error, UnicodeDecodeError) else "The body nests too deeply."


def _refuse_doubled_names(text: bytes) -> None:
    """Refuse an object that says one thing twice (RFC 7493 §2.3): readers differ in which one they believe."""
    try:
        json.loads(text, object_pairs_hook=_refuse_doubled, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise BadQuestion("The body nests too deeply.") from error


def _refuse_doubled(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise BadQuestion("A name stands twice in one object.")

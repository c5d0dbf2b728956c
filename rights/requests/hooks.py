"""Extension points of a request: what carries a granted part out, what must be done before it is closed, and pages."""

from collections.abc import Callable
from datetime import datetime

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.extensions.points import ExtensionPoint
from rights.requests.models import RequestPart, RightsRequest

__all__ = ["answer_notes", "before_answering", "before_closing", "part_granted"]

type GrantHandler = Callable[[RightsRequest, RequestPart, Actor, datetime], None]
type AnsweringCheck = Callable[[RightsRequest, Actor, datetime], None]
type AnswerNote = Callable[[RightsRequest], str]
type ClosingCheck = Callable[[RightsRequest], None]

part_granted: ExtensionPoint[GrantHandler] = ExtensionPoint(
    "rights.part_granted",
    "Called in the transaction that grants a part of a request, wholly or partly, to carry it out. May refuse.",
)
answer_notes: ExtensionPoint[AnswerNote] = ExtensionPoint(
    "rights.answer_notes", "A paragraph in the draft of every answer, in the person's language; empty for none."
)
before_answering: ExtensionPoint[AnsweringCheck] = ExtensionPoint(
    "rights.before_answering",
    "Called in the transaction that answers a request. Raises an error that says what is still to be done.",
)
before_closing: ExtensionPoint[ClosingCheck] = ExtensionPoint(
    "rights.before_closing", "Called before a request is closed. Raises an error that says what is still to be done."
)

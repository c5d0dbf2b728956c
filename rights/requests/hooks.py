"""Extension points of a request: what carries a granted part out, what must be done before it is closed, and pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.operations.extensions import ExtensionPoint
from rights.requests.models import RequestPart, RightsRequest

type StageHandler = Callable[[RightsRequest, Actor, datetime], None]


part_granted: ExtensionPoint[Callable[[RightsRequest, RequestPart, Actor, datetime], None]] = ExtensionPoint(
    "rights.part_granted",
    "Called in the transaction that grants a part of a request, wholly or partly, to carry it out. May refuse.",
)
answer_notes: ExtensionPoint[Callable[[RightsRequest], str]] = ExtensionPoint(
    "rights.answer_notes", "A paragraph in the draft of every answer, in the person's language; empty for none."
)
before_answering: ExtensionPoint[StageHandler] = ExtensionPoint(
    "rights.before_answering",
    "Called in the transaction that answers a request. Raises an error that says what is still to be done.",
)
calls_to_make: ExtensionPoint[Callable[[], QuerySet[Any]]] = ExtensionPoint(
    "rights.calls_to_make", "Rows with ``request``: the requests whose sender is to be called at the number on file."
)
before_closing: ExtensionPoint[Callable[[RightsRequest], None]] = ExtensionPoint(
    "rights.before_closing", "Called before a request is closed. Raises an error that says what is still to be done."
)
part_details: ExtensionPoint[Callable[[RightsRequest, RequestPart], list[str]]] = ExtensionPoint(
    "rights.part_details", "Lines about a decided part in the draft of the answer, in the person's language."
)
request_continued: ExtensionPoint[Callable[[RightsRequest, RightsRequest, Actor, datetime], None]] = ExtensionPoint(
    "rights.request_continued",
    "Called with the earlier and the later request before the later one is closed as a duplicate. May refuse.",
)
person_named: ExtensionPoint[Callable[..., None]] = ExtensionPoint(
    "rights.person_named",
    "Called when a request names a known person: when it is received, or assigned to them. ``informed`` says whether "
    "the person was emailed.",
)
person_assigned: ExtensionPoint[StageHandler] = ExtensionPoint(
    "rights.person_assigned",
    "Called when a request that was received before is assigned to a person, or to another one.",
)
identity_verified: ExtensionPoint[StageHandler] = ExtensionPoint(
    "rights.identity_verified", "Called when it is verified that the person made an earlier request."
)
texts_needed: ExtensionPoint[Callable[[], QuerySet[Any, UUID]]] = ExtensionPoint(
    "rights.texts_needed", "Ids of ended requests whose texts an app above still needs: they keep their keys."
)
texts_to_read: ExtensionPoint[Callable[[RightsRequest], list[tuple[str, str]]]] = ExtensionPoint(
    "rights.texts_to_read",
    "Decrypted texts of apps above for the page that shows what a request says; the access is already recorded.",
)

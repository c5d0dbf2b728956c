"""Compose the answer to a request from its decisions, in the person's language."""

from django.utils import translation
from django.utils.translation import gettext

from consent.notices.selectors.public import find_purposes
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.text.word_lists import join_words
from rights.requests.hooks import answer_notes, part_details
from rights.requests.models import RequestPart, RightsRequest
from rights.requests.sealing import open_text
from rights.requests.selectors import authority_of
from rights.requests.services.steps import list_parts
from rights.requests.states import Decision


def compose_answer(request: RightsRequest) -> str:
    """Return the draft of the answer: each decision with its reasons, notes of other apps, the right to complain."""
    parts = list_parts(request)
    with translation.override(request.language):
        blocks = [_describe(request, part) for part in parts]
        blocks += [note for describe in answer_notes if (note := describe(request))]
        if any(part.decision in {Decision.REFUSED, Decision.PARTLY} for part in parts):
            blocks.append(_complaint(request))
    return "\n\n".join(blocks)


def _describe(request: RightsRequest, part: RequestPart) -> str:
    try:
        reasons = open_text(request, row=part, field="reasons")
    except CannotOpen:
        reasons = ""
    head = f"{part.get_kind_display()} ({part.get_decider_display()}): {part.get_decision_display()}."
    because = f"{part.get_refusal_code_display()}." if part.refusal_code else ""
    granted = _describe_granted(part)
    details = [line for describe in part_details for line in describe(request, part)]
    return "\n".join(line for line in (head, granted, because, reasons, *details) if line)


def _describe_granted(part: RequestPart) -> str:
    if not part.granted:
        return ""
    names = join_words(str(one) for one in find_purposes(part.client_id, part.granted).values())
    return gettext("Granted for these purposes only: {purposes}.").format(purposes=names)


def _complaint(request: RightsRequest) -> str:
    authority = authority_of(Client.objects.get(pk=request.client_id))
    if authority is None:
        return gettext(
            "If you do not agree, you may complain to the data protection authority or court that is responsible where "
            "you live."
        )
    text = gettext("If you do not agree, you may complain to: {authority}.").format(authority=authority.name)
    return f"{text} {authority.url}".rstrip()

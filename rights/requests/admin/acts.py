"""Acts of staff on a rights request: one act, one service call."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from paktaleem.directory.mail.letter_pages import LETTER_TEMPLATE, is_preview
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.middleware import get_arrival_time
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sessions import require_recent_authentication
from paktaleem.foundation.console.columns import moment
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.encryption.sealing import CannotOpen
from rights.requests.admin import forms
from rights.requests.admin.forms import preview_message, show_sheet
from rights.requests.deadlines import format_day
from rights.requests.hooks import texts_to_read
from rights.requests.letters import Occasion, compose_letter, get_answer_occasion
from rights.requests.messages import ANSWER, NOTICE
from rights.requests.models import RequestPause, RightKind, RightsRequest
from rights.requests.services import clock, closing, decisions, intake
from rights.requests.services.decisions import may_decide
from rights.requests.states import Decision


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _read(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    texts = intake.read_request(row, reason=given["reason"], **_by(request))
    notes = decisions.read_notes(row, actor=actor_of(request))
    owner: Any = site.get_model_admin(RightsRequest)
    labels = {"details": gettext("Details"), "contact": gettext("Contact"), "answer": gettext("Answer")}
    shown = [(labels[field], text) for field, text in texts.items()]
    shown += [(f"{gettext('Note')} · {moment(at)}", text) for at, _, text in notes]
    shown += [one for texts_of in texts_to_read for one in texts_of(row)]
    url = owner.url_of("change", row)
    page: HttpResponse = owner.page(
        request, row, "console/revealed.html", title=gettext("Text of the request"), shown=shown, row_url=url
    )
    return page


def _note(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    decisions.add_note(row, text=given["text"], **_by(request))


def _assign(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    decisions.assign_request(row, assignee=given["assignee"], **_by(request))


def _match(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    intake.assign_person(row, subject=given["external_id"], **_by(request))


def _verify(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    intake.verify_identity(row, method=given["method"], **_by(request))


def _pause(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    clock.pause_request(row, cause=given["cause"], **_by(request))


def _resume(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    clock.resume_request(row, **_by(request))


def _extend(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        expected = format_day(row.due_at + timedelta(days=given["days"]), row.client.time_zone)
        return preview_message(request, row, "extend", kind=NOTICE, text=given["text"], expected=expected)
    clock.extend_request(row, days=given["days"], text=given["text"], **_by(request))
    return _hand_over_unless_mailed(request, row, "extended", given["text"])


def _decide(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    """Decide a part; granting an erasure proposes it, which needs recent re-authentication."""
    del row
    if given["part"].kind == RightKind.ERASURE and given["decision"] != Decision.REFUSED:
        require_recent_authentication(request, Capability.PROPOSE_ERASURES, at=get_arrival_time(request))
    decision = {key: given[key] for key in ("decision", "refusal_code", "reasons")}
    decision["granted"] = given.get("granted", [])
    decisions.decide_part(given["part"], **decision, **_by(request))


def _route(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del row
    decisions.route_part(given["part"], decider=given["decider"], **_by(request))


def _answer(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> HttpResponse | None:
    if is_preview(request):
        return preview_message(request, row, "answer", kind=ANSWER, text=given["text"])
    closing.answer_request(row, text=given["text"], to_contact=given.get("to_contact", False), **_by(request))
    return _hand_over_unless_mailed(request, row, "answered", given["text"])


def _record_delivery(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    closing.record_delivery(row, **_by(request))


def _hand_over_unless_mailed(request: HttpRequest, row: RightsRequest, step: str, text: str) -> HttpResponse | None:
    if closing.is_mailed(row, step):
        return None
    messages.warning(request, gettext("It was not sent by email: print it, hand it over, and record that."))
    return show_sheet(request, row, text=text, language=row.language)


def _close(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    del given
    closing.close_request(row, **_by(request))


def _add_rights(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    closing.add_rights(row, kinds=given["kinds"], **_by(request))


def _link(row: RightsRequest, given: dict[str, Any], request: HttpRequest) -> None:
    closing.link_duplicate(row, other=given["other"], **_by(request))


class PrefilledAnswerForm(forms.AnswerForm):
    """The answer, prefilled from the decisions of the request."""

    def __init__(self, *args: Any, row: RightsRequest, **kwargs: Any) -> None:
        text = compose_letter(row, get_answer_occasion(row))
        kwargs["initial"] = {"text": text, **kwargs.get("initial", {})}
        super().__init__(*args, row=row, **kwargs)


class PrefilledExtendForm(forms.ExtendForm):
    """The extension, with the template of the notice."""

    def __init__(self, *args: Any, row: RightsRequest, **kwargs: Any) -> None:
        kwargs["initial"] = {"text": compose_letter(row, Occasion.NOTICE), **kwargs.get("initial", {})}
        super().__init__(*args, row=row, **kwargs)


def _is_open(row: RightsRequest, _at: datetime) -> bool:
    return row.is_open


def _is_unanswered(row: RightsRequest, _at: datetime) -> bool:
    return row.is_open and row.answered_at is None


def _is_paused(row: RightsRequest, at: datetime) -> bool:
    own = RequestPause.objects.filter(client_id=row.client_id, request=row, ends_at=None)
    return _is_unanswered(row, at) and own.exists()


def _may_pause(row: RightsRequest, at: datetime) -> bool:
    return _is_unanswered(row, at) and not _is_paused(row, at)


def _has_undecided(row: RightsRequest, at: datetime) -> bool:
    return _is_unanswered(row, at) and bool(forms.undecided_parts(row))


def _may_decide(row: RightsRequest, actor: Actor, at: datetime) -> bool:
    return any(may_decide(part, actor, at) for part in forms.undecided_parts(row))


def _may_turn(row: RightsRequest, at: datetime) -> bool:
    return _is_unanswered(row, at) and bool(closing.list_addable_rights(row))


def _is_decided(row: RightsRequest, at: datetime) -> bool:
    return _is_unanswered(row, at) and not forms.undecided_parts(row)


_DESTROYED: dict[type[Exception], str] = {CannotOpen: "The texts of this request have been deleted."}

_READING = (
    RowAction(
        "read",
        "Read it",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _read,
        lead="Shows what the person wrote, their contact, the answer and the notes. Your access is recorded with your "
        "name and reason.",
        applies=lambda row, _: row.wrapped is not None,
        refusals=_DESTROYED,
    ),
    RowAction(
        "note",
        "Add a note",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _note,
        form=forms.NoteForm,
        lead="A note for colleagues, encrypted with the request. The person may ask for it too.",
        done="Note added.",
        applies=lambda row, _: row.is_open and row.wrapped is not None,
        refusals=_DESTROYED,
    ),
    RowAction(
        "assign",
        "Assign it",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _assign,
        form=forms.AssignForm,
        lead="The colleague becomes responsible for this request. The person is not informed.",
        done="Assigned.",
        applies=_is_open,
    ),
)
_PERSON = (
    RowAction(
        "match",
        "Assign to a person",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _match,
        form=forms.MatchForm,
        lead="Whom is the request about? Their identity still has to be verified.",
        done="Assigned to the person.",
        applies=lambda row, _: row.is_open and not row.is_identity_verified,
    ),
    RowAction(
        "verify",
        "Verify the identity",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _verify,
        form=forms.VerifyForm,
        lead="Call back a number that was on file before the request, or let the client confirm that it knows the "
        "person. Never ask for identity papers. An email or a message proves nothing.",
        done="Identity verified.",
        applies=lambda row, _: row.is_open and row.subject_id is not None and not row.is_identity_verified,
    ),
)
_CLOCK = (
    RowAction(
        "pause",
        "Pause it",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _pause,
        form=forms.PauseForm,
        lead="While you wait for the person. The due date stays; only the expected date moves.",
        done="Paused.",
        applies=_may_pause,
    ),
    RowAction(
        "resume",
        "End the pause",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _resume,
        form=ActionForm,
        lead="The time to answer runs on from now.",
        done="The pause has ended.",
        applies=_is_paused,
    ),
    RowAction(
        "extend",
        "Extend it",
        Capability.EXTEND_RIGHTS_REQUESTS,
        _extend,
        form=PrefilledExtendForm,
        template=LETTER_TEMPLATE,
        lead="Once, before the due date, and with reasons: the person is sent this notice. Without an email address "
        "that has been on file for 72 hours, print it and hand it over.",
        done="Extended, and the person was sent the reasons.",
        applies=_is_unanswered,
        refusals=_DESTROYED,
    ),
)
_DELIVERY = RowAction(
    "delivered",
    "Record that it was handed over",
    Capability.ANSWER_RIGHTS_REQUESTS,
    _record_delivery,
    form=ActionForm,
    lead="Only once the person holds the printed answer or notice in their hands. Until then the clock runs.",
    done="Recorded: the person has it.",
    applies=lambda row, _: row.is_open and bool(closing.find_undelivered(row)),
)
_DECISION = (
    RowAction(
        "route",
        "Pass on",
        Capability.TRIAGE_RIGHTS_REQUESTS,
        _route,
        form=forms.RouteForm,
        lead="The controller of the data decides: for most purposes the client, for its own PakTaleem.",
        done="Passed on.",
        applies=_has_undecided,
    ),
    RowAction(
        "add-rights",
        "Turn into a right",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _add_rights,
        form=forms.AddRightsForm,
        lead="The question or concern turns out to exercise a right. Number and due date stay; each right goes to its "
        "controller, who decides.",
        done="The right was added.",
        applies=_may_turn,
    ),
    RowAction(
        "decide",
        "Decide",
        Capability.DECIDE_RIGHTS_REQUESTS,
        _decide,
        form=forms.DecideForm,
        lead="You decide about the data of which you are the controller. What you grant is carried out at once: "
        "systems receive orders, restrictions and objections take effect from the next decision.",
        done="Decided.",
        applies=_has_undecided,
        offered_to=_may_decide,
        refusals=_DESTROYED,
    ),
    RowAction(
        "answer",
        "Answer",
        Capability.ANSWER_RIGHTS_REQUESTS,
        _answer,
        form=PrefilledAnswerForm,
        template=LETTER_TEMPLATE,
        lead="Check and edit the answer. It is sent to the contact on file; without one, hand it over yourself.",
        done="Answered.",
        applies=_is_decided,
        refusals=_DESTROYED,
    ),
    _DELIVERY,
    RowAction(
        "link",
        "Link a duplicate",
        Capability.TRIAGE_RIGHTS_REQUESTS,
        _link,
        form=forms.LinkForm,
        lead="The request received first goes on, with its clock. The other one is closed.",
        done="Linked.",
        applies=lambda row, at: _is_unanswered(row, at) and row.subject_id is not None,
        refusals={
            decisions.AlreadyDecided: "One of these rights is already decided: answer each request on its own.",
        },
    ),
    RowAction(
        "close",
        "Close it",
        Capability.CLOSE_RIGHTS_REQUESTS,
        _close,
        form=ActionForm,
        lead="Every system must have answered, or been waived by two people. A copy that systems gave is then deleted.",
        done="Closed.",
        applies=lambda row, _: row.is_open and (row.answered_at is not None or closing.is_of_erased_person(row)),
    ),
)
ACTS = (*_READING, *_PERSON, *_CLOCK, *_DECISION)
"""Acts on a request, in the order of the work."""

"""Console pages of invitations, and the acts that invite the guardians of one child or of many."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _

from children.guardians.admin.guardians import needs_guardian
from children.invitations.models import OPEN, ContactProblem, Invitation, State
from children.invitations.selectors import (
    LeftOut,
    count_missing,
    list_children_to_ask_about,
    list_left_out,
    without_answer,
)
from children.invitations.services.inviting import INVITE_MANY, invite_guardians_of
from paktaleem.directory.mail.models import Letter, LetterState
from paktaleem.directory.mail.selectors import list_messages_about
from paktaleem.directory.people.admin.people import person_column
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.forms import CHOOSING, PUPIL_ROLES, LinesField, SelectionForm
from paktaleem.directory.schools.selectors import Selection
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.sign_in_rules import get_public_url
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.audit.names import get_act_name
from paktaleem.foundation.console.columns import (
    actor_column,
    annotate_actor,
    format_actor,
    render_state,
    state_column,
    text_column,
)
from paktaleem.foundation.console.exporting import ExportableAdmin
from paktaleem.foundation.console.forms import FormData, set_choices
from paktaleem.foundation.console.long_acts import long_acts, make_run_act
from paktaleem.foundation.console.model_admin import EvidenceAdmin
from paktaleem.foundation.console.person_pages import SummaryLine, person_acts, person_summaries
from paktaleem.foundation.console.requests import actor_of, by_user, get_action_time, may
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site
from paktaleem.foundation.console.translation import translate_text
from paktaleem.foundation.operations.jobs import enqueue_job
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.text.times import isolate, join_words
from paktaleem.foundation.upkeep.runs.services import begin_run

AT_ONCE = 200
_TONES = {
    State.GIVEN: "good",
    State.REFUSED: "bad",
    State.DELIVERY_FAILED: "bad",
    State.CONTACT_PENDING: "warn",
    State.VERIFYING: "warn",
}


class AskForm(SelectionForm):
    most_ids = AT_ONCE

    client = forms.ModelChoiceField(
        Client.objects.none(),
        label=_("Client"),
        empty_label=_("Choose a client…"),
        help_text=_("The client whose guardians are asked."),
    )
    ids = LinesField(
        rows=6,
        label=_("Children, by LMS id"),
        help_text=_("One id per line, at most 200. Leave empty to choose by the fields below."),
    )
    role = forms.ChoiceField(label=_("Role"), required=False, choices=PUPIL_ROLES)
    beginning = forms.CharField(
        label=_("Or all whose LMS id starts with"),
        required=False,
        max_length=255,
        help_text=_("Empty: every child without an answer."),
    )
    field_order = ("client", *CHOOSING)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = actor_of(request).client_id
        if self.own is not None:
            del self.fields["client"]
        else:
            set_choices(self, "client", Client.objects.exclude(pk=PAKTALEEM))

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("client")
        self.check_selection(self.own or (chosen.pk if chosen else None))
        return cleaned

    @property
    def client_id(self) -> UUID:
        return self.own or self.cleaned_data["client"].pk


def _ask_guardians(subject: Subject, given: FormData, request: HttpRequest) -> None:
    del given
    context = by_user(request)
    rows = invite_guardians_of([subject], portal=get_public_url(request), **context)
    if not rows:
        raise Refused(gettext("No guardian on record is left to ask. Name one first, or ask on paper."))
    if all(row.state == State.CONTACT_PENDING for row in rows):
        words = gettext("No guardian has a usable contact that is not the child's: ask on paper or in person.")
        raise Refused(words)


person_acts.connect(
    RowAction(
        "ask-guardians",
        "Ask the guardians",
        Capability.MANAGE_GUARDIANS,
        _ask_guardians,
        lead="Each guardian named by the roster or the school receives an email or a text message with a link to their "
        "own page. The page shows nothing before they enter a one-time code sent to the same contact. The message does "
        "not name the child.",
        done="The guardians have been asked. Their answers are shown under Invitations of guardians.",
        applies=needs_guardian,
    )
)


long_acts.connect(
    make_run_act(
        INVITE_MANY,
        _("Guardians asked"),
        Capability.VIEW_CHILD_RECORDS,
        lambda _run: reverse("admin:invitations_invitation_changelist", current_app=site.name),
    )
)


def _describe_left_out(found: Mapping[LeftOut, Sequence[str]]) -> list[str]:
    return [f"{why.label} ({len(ids)}): {join_words(map(isolate, ids))}" for why, ids in found.items()]


@admin.register(Invitation, site=site)
class InvitationAdmin(ExportableAdmin[Invitation], EvidenceAdmin[Invitation]):
    view_capability = Capability.VIEW_CHILD_RECORDS
    person_field = "child"
    add_capability = Capability.MANAGE_GUARDIANS
    list_display = ("about", "to", "standing", "why", "channel", "asked_at", "reminders", "owner")
    list_display_links = ("standing",)
    list_filter = ("state", "problem", "client")
    exported = (
        "child=child__external_id guardian=guardian__external_id state problem channel reminders asked_at "
        "sent_at delivered_at viewed_at answered_at closes_at"
    )
    detail_fields = (
        *("about", "to", "standing", "why", "channel", "asked_by", "asked_at", "sent_at", "delivered_at"),
        *("reminders", "viewed_at", "said_at", "answered_at", "closes_at"),
    )
    change_list_template = "guardian/invitations.html"
    intro = "Guardians who were asked to decide about a child. They receive a message and answer on their own page."
    empty_text = "No guardian has been asked yet."
    standing = state_column(lambda row: render_state(row.get_state_display(), _TONES.get(State(row.state), "calm")))
    about = person_column("child", "child")
    to = person_column("guardian", "guardian")
    asked_by = actor_column("asked by")
    why = text_column(
        lambda row: str(ContactProblem(row.problem).label) if row.problem and row.is_open else "—", "problem"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        return annotate_actor(super().get_queryset(request).select_related("child", "guardian"), actor_of(request))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Invite the guardians of many children: show the counts first, and invite after confirmation."""
        if object_id is not None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AskForm(request.POST if request.method == "POST" else None, request=request)
        if not form.is_valid():
            return self._page(request, form)
        with in_client(form.client_id):
            client = Client.objects.get(pk=form.client_id)
            chosen, actor, at = form.selection, actor_of(request), get_action_time(request)
            children = list_children_to_ask_about(client, chosen, actor=actor, at=at)
            numbers = count_missing(children)
            if request.POST.get("confirmed") != str(numbers.to_ask) or not numbers.to_ask:
                left_out = list_left_out(client, chosen, actor=actor, at=at) if chosen.ids else {}
                return self._page(request, form, numbers=numbers, left_out=_describe_left_out(left_out))
            if chosen.ids:
                some = without_answer(children).select_related("client")
                invite_guardians_of(some, portal=get_public_url(request), actor=actor, at=at)
            else:
                self._ask_later(request, client, chosen, numbers.to_ask)
        messages.success(
            request, gettext("The guardians are being asked. They appear in the list as the messages are sent.")
        )
        page = "invitations_invitation_changelist" if chosen.ids else "work"
        return HttpResponseRedirect(reverse(f"admin:{page}", current_app=site.name))

    def _ask_later(self, request: HttpRequest, client: Client, chosen: Selection, number: int) -> None:
        actor, portal = actor_of(request), get_public_url(request)
        run = begin_run(INVITE_MANY, client_id=client.pk, total=number, actor=actor, at=get_action_time(request))
        enqueue_job(
            INVITE_MANY,
            client=str(client.pk),
            user=str(actor.id),
            role=actor.role,
            chosen=chosen.to_text(),
            portal=portal,
            run=str(run.pk),
        )

    def _page(self, request: HttpRequest, form: AskForm, **values: object) -> HttpResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Ask guardians"),
            "form": form,
            **values,
        }
        return TemplateResponse(request, "guardian/ask_many.html", context)

    def panels(self, request: HttpRequest, row: Invitation) -> list[dict[str, object]]:
        actor = actor_of(request)
        proofs = list_messages_about(row.guardian_id, actor=actor) if actor.may(Capability.VIEW_MESSAGES) else []
        return [{"template": "console/panels/letters.html", "rows": [_letter_row(one) for one in proofs]}]

    def history_of(self, row: Invitation, viewer: Actor) -> dict[str, object]:
        entries = Entry.objects.filter(client_id=row.client_id, subject_id=row.child_id, body__contains=str(row.pk))
        return {
            "versions": [
                {
                    "at": one.recorded_at,
                    "kind": get_act_name(one.kind),
                    "who": format_actor(one),
                    "why": "",
                    "changes": None,
                }
                for one in annotate_actor(entries.order_by("-recorded_at"), viewer)
            ]
        }


def _letter_row(letter: Letter) -> dict[str, object]:
    state = LetterState(letter.state)
    tones = {LetterState.SENT: "good", LetterState.FAILED: "bad"}
    return {
        "letter": letter,
        "kind": translate_text(letter.kind.replace("_", " ").capitalize()),
        "state": render_state(state.label, tones.get(state, "warn")),
        "url": reverse("admin:mail_letter_change", args=[letter.id], current_app=site.name),
    }


@person_summaries.connect
def summarize_invitations(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    if not may(request, Capability.VIEW_CHILD_RECORDS, row.client_id):
        return []
    number = Invitation.objects.filter(client_id=row.client_id, child=row, state__in=OPEN).count()
    url = reverse("admin:invitations_invitation_changelist", current_app=site.name)
    return [SummaryLine(gettext("Open invitations"), str(number), url)] if number else []

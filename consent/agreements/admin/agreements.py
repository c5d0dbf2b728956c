"""Service agreements in the console: draft, signed by both sides, suspended, ended."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from consent.agreements.admin.contacts import agreement_panels, get_text
from consent.agreements.duties import DUTIES
from consent.agreements.models import AgreementDocument, AgreementSigning, Side
from consent.agreements.selectors import list_to_do
from consent.agreements.services import (
    add_document,
    attest_duties,
    decline_signing,
    end_agreement,
    open_document,
    resume_agreement,
    sign_agreement,
    suspend_agreement,
)
from consent.register.admin.row_admin import RegisterAdmin
from consent.register.admin.safeguards import cancel_act
from consent.register.models.agreements import AgreementSuspension, ServiceAgreement
from paktaleem.directory.files.models import CONTENT_TYPES, FileKind
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ApproverNotIndependent, ChangeState
from paktaleem.foundation.console.clocks import get_time_of, select_by_clock
from paktaleem.foundation.console.columns import render_state, state_column
from paktaleem.foundation.console.filters import PROGRESS, ProgressFilter
from paktaleem.foundation.console.forms import ActionForm, RowActionForm, set_choices
from paktaleem.foundation.console.home_pages import Card, Line, Task
from paktaleem.foundation.console.paging import format_count
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.text.times import format_date

_LONGEST_EXIT = 3660


class DocumentForm(RowActionForm):
    """A document of the agreement, and the reason."""

    document = forms.ChoiceField(label=_("Document"), widget=forms.RadioSelect)
    field_order = ("document", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(one.pk): one for one in _list_documents(self.row).select_related("file")}
        set_choices(self, "document", [(key, str(one)) for key, one in self.offered.items()])

    def clean_document(self) -> AgreementDocument:
        return self.offered[self.cleaned_data["document"]]


class AttestForm(ActionForm):
    """The duties that the client attests, and where its users are informed."""

    duties = forms.MultipleChoiceField(
        label=_("We confirm for the coming year"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Confirm only what is true. The rest stays on your list and on PakTaleem’s."),
    )
    notice_url = forms.URLField(
        label=_("Page on which users are informed"),
        required=False,
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "duties", [(duty.code, get_text(duty)) for duty in DUTIES])


_TONES = {"draft": "warn", "upcoming": "warn", "active": "good", "ended": "calm", "cancelled": "calm"}
_SUSPENDED = gettext_noop("Suspended")
_TIED: dict[type[Exception], str] = {
    ApproverNotIndependent: "You cannot sign together with the person who signed for the other side: in the last 72 "
    "hours one of you gave the other a role, or re-enabled or reset the other’s account. Decline to sign, so that "
    "another officer can sign first, or sign on paper: an officer records it."
}


def _render_agreement_state(row: Any) -> SafeString:
    state = row.state(get_time_of(row.client_id))
    if state == "active" and row.is_suspended:
        return render_state(_SUSPENDED, "bad")
    return render_state(state.capitalize(), _TONES[state])


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request), "at": get_action_time(request)}


def _sign(row: ServiceAgreement, given: dict[str, Any], request: HttpRequest) -> str:
    signing = sign_agreement(row, reason=given["reason"], **_by(request))
    return _describe_effect(signing, row, request)


def _sign_on_paper(row: ServiceAgreement, given: dict[str, Any], request: HttpRequest) -> str:
    signing = sign_agreement(row, paper=given["document"], reason=given["reason"], **_by(request))
    return _describe_effect(signing, row, request) if signing.state == ChangeState.APPROVED else ""


def _describe_effect(signing: AgreementSigning, row: ServiceAgreement, request: HttpRequest) -> str:
    if signing.state != ChangeState.APPROVED:
        if signing.first_side == Side.PAKTALEEM:
            return gettext("You have signed. The agreement still waits for the client’s signature.")
        return gettext("You have signed. The agreement still waits for PakTaleem’s signature.")
    if row.starts_at > get_action_time(request):
        words = gettext("Both sides have signed. The agreement takes effect on {day}.")
        return words.format(day=format_date(row.starts_at))
    return gettext("Both sides have signed. The agreement is in effect.")


def _open_document(row: ServiceAgreement, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    del row
    document: AgreementDocument = given["document"]
    content = b"".join(open_document(document, reason=given["reason"], **_by(request)))
    kind = FileKind(document.file_kind)
    response = HttpResponse(content, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{document.kind}-{document.added_at:%Y%m%d}.{kind}"'
    return response


def _attest(row: ServiceAgreement, given: dict[str, Any], request: HttpRequest) -> None:
    client = Client.objects.get(pk=row.client_id)
    attest_duties(client, given["duties"], notice_url=given["notice_url"], **_by(request))


def _list_documents(row: ServiceAgreement) -> QuerySet[AgreementDocument]:
    found: QuerySet[AgreementDocument] = AgreementDocument.objects.filter(client_id=row.client_id, agreement=row)
    return found


def _may_be_signed_on_paper(row: ServiceAgreement, _at: datetime) -> bool:
    return row.signed_at is None and not row.is_cancelled and _list_documents(row).exists()


def to_sign(actor: Actor) -> Q:
    """Return the condition for drafts that the other side has signed, and the actor's side has not."""
    first = Side.CLIENT if actor.client_id is None else Side.PAKTALEEM
    waiting = AgreementSigning.objects.filter(
        client_id=OuterRef("client_id"), agreement=OuterRef("pk"), state=ChangeState.WAITING, first_side=first
    )
    return Q(Exists(waiting))


class DraftFilter(ProgressFilter):
    """Filter for drafts, and for those that wait for the reader's signature."""

    offered: ClassVar[Any] = {"to_sign": _("Signed by the other side")}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "to_sign":
            return queryset.filter(to_sign(actor_of(request)))
        return super().queryset(request, queryset)


@admin.register(ServiceAgreement, site=site)
class ServiceAgreementAdmin(RegisterAdmin):
    """Agreements between PakTaleem and its clients."""

    add_capability = change_capability = Capability.MANAGE_AGREEMENTS
    row_fields = ("reference", "starts_at", "ends_at", "exit_until")
    fixed = ("starts_at",)
    detail_fields = ("state", "signed_at")
    list_display = ("reference", "owner", "state", "starts_at", "ends_at", "exit_until")
    list_filter = (DraftFilter, "client")
    search_fields = ("reference",)
    intro = (
        "Without an agreement in force, no data is processed for a client. A draft takes effect once both sides have "
        "signed it. Suspending or ending it changes every decision at once."
    )
    empty_text = "No agreement yet: nothing is processed for any client."
    state = state_column(_render_agreement_state)
    acts = (
        act_page(sign_agreement, respond=_sign, refusals=_TIED),
        RowAction(
            "sign-paper",
            "Record the client’s signature on paper",
            Capability.MANAGE_AGREEMENTS,
            _sign_on_paper,
            form=DocumentForm,
            lead="Choose the document that the client has signed. Another officer then signs for PakTaleem.",
            done="The client’s signature is recorded. Another officer must sign for PakTaleem.",
            refusals=_TIED,
            applies=_may_be_signed_on_paper,
        ),
        decline_signing,
        add_document,
        act_page(
            open_document,
            form=DocumentForm,
            target="document",
            list_targets=_list_documents,
            respond=_open_document,
        ),
        RowAction(
            "attest",
            "Confirm your duties for the year",
            Capability.ATTEST_DUTIES,
            _attest,
            form=AttestForm,
            lead="As controller, your institution confirms once a year that it fulfils its own duties.",
            done="Confirmed. The confirmation is recorded with your name.",
            applies=lambda row, at: row.state(at) == "active" and row.starts_at < at,
        ),
        suspend_agreement,
        act_page(resume_agreement, step_up=True),
        cancel_act("Cancel agreement", "It will never take effect.", Capability.MANAGE_AGREEMENTS),
        end_agreement,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceAgreement]:
        now = select_by_clock(get_action_time(request), AgreementSuspension.objects.active).filter(
            client_id=OuterRef("client_id"), agreement=OuterRef("pk")
        )
        found: QuerySet[ServiceAgreement] = super().get_queryset(request).annotate(is_suspended=Exists(now))
        return found

    def panels(self, request: HttpRequest, row: ServiceAgreement) -> list[dict[str, object]]:
        return agreement_panels(row, viewer=actor_of(request), at=get_action_time(request))


@boards.connect
def agreements_board(actor: Actor, at: datetime) -> list[Line]:
    """Return cards about agreements for both sides; six queries."""
    if not actor.may(Capability.SIGN_AGREEMENTS):
        return []
    rows, note = ServiceAgreement.objects.filter(to_sign(actor)), gettext("the other side has signed")
    url = reverse("admin:consent_serviceagreement_changelist", current_app=site.name) + f"?{PROGRESS}=to_sign"
    return [Task(gettext("Agreements to sign"), rows, note, url), *_to_do_cards(actor, at)]


def _to_do_cards(actor: Actor, at: datetime) -> list[Line]:
    found = list_to_do(at=at, client_id=actor.client_id)
    if not found:
        return []
    url = reverse("admin:agreements_clientcontact_to_do", current_app=site.name)
    due_on = min((duty.due_on for one in found for duty in one.duties), default=None)
    title, number = gettext("Clients with something missing"), len(found)
    if actor.client_id is not None:
        [own] = found
        title = gettext("Agreement: what is missing")
        number = len(own.duties) + own.needs_privacy_contact + own.needs_notice_contact + own.needs_address
    note = gettext("duties to confirm, contacts to name")
    return [Card(title, format_count(number), note, url, Severity.TO_DO, due_on)]

"""Evidence of consents in the console; opening it needs a capability of its own and is logged."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from consent.consents.models.consents import ConsentEvent
from consent.consents.models.evidence import ConsentEvidence
from consent.consents.services.evidence import add_evidence_file, open_evidence
from paktaleem.directory.people.services.erasure import AlreadyErased, ErasureInProgress
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.columns import annotate_actor, format_actor
from paktaleem.foundation.console.evidence_admin import EvidenceAdmin
from paktaleem.foundation.console.forms import ActionForm
from paktaleem.foundation.console.requests import actor_of, get_action_time
from paktaleem.foundation.console.row_actions import RowAction
from paktaleem.foundation.console.site import site

_ERASED: dict[type[Exception], str] = {
    ErasureInProgress: "The person is being erased: nothing new is recorded about them.",
    AlreadyErased: "The person is erased: the evidence can no longer be opened.",
}


class EvidenceForm(ActionForm):
    """A form to upload a scan or photograph."""

    file = forms.FileField(
        help_text="PDF, JPEG or PNG. The file name is not stored. Do not upload a guardian's identity document."
    )


def _add_evidence(event: ConsentEvent, given: dict[str, Any], request: HttpRequest) -> None:
    add_evidence_file(event, given["file"], actor=actor_of(request), at=get_action_time(request))


ADD_EVIDENCE = RowAction(
    "add-evidence",
    "Add evidence",
    Capability.RECORD_CONSENTS,
    _add_evidence,
    form=EvidenceForm,
    lead="It is encrypted under the person's key. Opening it requires a reason, which is logged.",
    done="Evidence added.",
    refusals=_ERASED,
)


def _open_evidence(evidence: ConsentEvidence, given: dict[str, Any], request: HttpRequest) -> HttpResponse:
    opened = open_evidence(evidence, actor=actor_of(request), reason=given["reason"], at=get_action_time(request))
    response: HttpResponse
    if opened.chunks is not None:
        response = HttpResponse(opened.chunks, content_type=opened.content_type)
        response["Content-Disposition"] = f'attachment; filename="evidence.{evidence.file and evidence.file.kind}"'
    else:
        owner: ConsentEvidenceAdmin = site.get_model_admin(ConsentEvidence)
        values = {"shown": [(gettext("Reference"), opened.text)], "row_url": owner.url_of("change", evidence)}
        response = owner.page(request, evidence, "console/revealed.html", title=gettext("Evidence"), **values)
    return response


@admin.register(ConsentEvidence, site=site)
class ConsentEvidenceAdmin(EvidenceAdmin):
    """Evidence of answers collected outside the portal."""

    view_capability = Capability.VIEW_EVIDENCE
    list_display = ("added_at", "answer", "person", "what", "actor", "owner")
    list_filter = ("client",)
    newest_by = "added_at"
    detail_fields = ("person", "answer", "what", "actor", "added_at")
    intro = "Signed forms, letters and notes of calls that prove answers. Opening one requires a reason and is logged."
    empty_text = "No evidence has been added yet."
    acts = (
        RowAction(
            "open",
            "Open evidence",
            Capability.VIEW_EVIDENCE,
            _open_evidence,
            lead="The file is decrypted and sent to you. It is recorded that you opened it, and why.",
            refusals=_ERASED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select related answer, person, file and actor."""
        found = super().get_queryset(request).select_related("subject", "event__purpose", "file")
        return annotate_actor(found, actor_of(request))

    @admin.display(description="person")
    def person(self, row: ConsentEvidence) -> SafeString:
        """Link to the person."""
        url = reverse("admin:subjects_subject_change", args=[row.subject_id], current_app=site.name)
        return format_html('<a href="{}">{}</a>', url, row.subject)

    @admin.display(description="answer")
    def answer(self, row: ConsentEvidence) -> SafeString:
        """Link to the answer it proves."""
        url = reverse("admin:consent_consentevent_change", args=[row.event_id], current_app=site.name)
        return format_html('<a href="{}">{}: {}</a>', url, row.event.purpose.name_en, row.event.get_state_display())

    @admin.display(description="kind")
    def what(self, row: ConsentEvidence) -> str:
        """Return the file's description, or "Reference", without opening it."""
        return gettext("Reference") if row.file is None else str(row.file)

    @admin.display(description="by")
    def actor(self, row: ConsentEvidence) -> str:
        """Return the user or system that added it."""
        return format_actor(row)

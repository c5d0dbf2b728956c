"""What a guardian asks for about a child's data; and, after a withdrawal, what shall happen to it."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from children.concerns.forms import DataForm
from children.concerns.services import open_concern
from children.invitations.views.pages import back
from children.invitations.views.wards import Ward, about_child, language_of
from children.invitations.views.words import DONE
from paktaleem.accounts.requests import moment_of
from paktaleem.ledger.services import record_entry
from paktaleem.public.pages import public_page

__all__ = ["ask_about_data"]


@require_http_methods(["GET", "HEAD", "POST"])
@about_child
def ask_about_data(request: HttpRequest, ward: Ward) -> HttpResponse:
    """Ask for a copy or for deletion, or say that the school keeps only what it must."""
    form = DataForm(
        request.POST if request.method == "POST" else None,
        may_receive_data=ward.guardianship.may_receive_data,
    )
    if form.is_valid():
        return back(ward, _taken_in(request, ward, form.cleaned_data["wish"], form.cleaned_data["text"]))
    return public_page(
        request,
        "guardian/data.html",
        title=_("The child’s data"),
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
        client=ward.child.client,
        ward=ward,
        form=form,
        done=DONE.get(request.GET.get("done", "")),
    )


def _taken_in(request: HttpRequest, ward: Ward, wish: str, text: str) -> str:
    at, actor = moment_of(request), ward.actor
    if wish == "keep":
        facts = {"guardianship": str(ward.guardianship.pk)}
        told = {"client_id": ward.child.client_id, "subject_id": ward.child.pk, "actor": actor, "at": at}
        record_entry("guardian.data_kept", facts=facts, **told)
        return "kept"
    open_concern(
        ward.child.client_id,
        kind=wish,
        text=text,
        child=ward.child,
        guardian=ward.visit.person,
        language=language_of(),
        actor=actor,
        at=at,
    )
    return "asked"

"""Copies of a person's data in the console, on the page of their request."""

from datetime import datetime

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _

from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.due import Severity
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.clocks import get_time_of
from paktaleem.foundation.console.forms import ActionForm, FormData, set_choices
from paktaleem.foundation.console.home_pages import Card, make_cards
from paktaleem.foundation.console.requests import by_user
from paktaleem.foundation.console.row_actions import RowAction, act_page
from paktaleem.foundation.console.site import boards, site
from paktaleem.foundation.tenancy.context import in_client
from rights.packages.models import BuildFailure, Package, PackageState
from rights.packages.selectors import (
    SYSTEM,
    count_downloads,
    find_package,
    has_contact,
    is_copy_granted,
    is_left_out_allowed,
    list_orders,
)
from rights.packages.services import hand_over_package, request_package
from rights.packages.views import stream_package
from rights.requests.admin.acts import add_request_act, request_panels, request_url
from rights.requests.models import RightsRequest


class BuildForm(ActionForm):
    left_out = forms.MultipleChoiceField(
        label=_("Leave out"),
        help_text=_("What is not granted. The copy names what is left out; the answer gives the reasons."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def prepare(self) -> None:
        with in_client(self.row.client_id):
            if not is_left_out_allowed(self.row):
                del self.fields["left_out"]
                return
            package = find_package(self.row)
            offered = [(one.code, one.title) for one in list_sections()]
            if package is not None:
                self.fields["left_out"].initial = package.left_out
                systems = [order.system for order in list_orders(package)]
                offered += [(f"{SYSTEM}{one.code}", gettext("System: {name}").format(name=one.name)) for one in systems]
        set_choices(self, "left_out", offered)


def _preview(row: RightsRequest, _given: FormData, request: HttpRequest) -> HttpResponse:
    package, subject = find_package(row), row.subject
    left_out = set() if package is None else set(package.left_out)
    counts = [] if subject is None else [(one, one.count(subject)) for one in list_sections()]
    lines = [
        {"title": one.title, "count": count, "is_provided": one.is_provided, "is_out": one.code in left_out}
        for one, count in counts
    ]
    owner = site.get_model_admin(RightsRequest)
    page: HttpResponse = owner.page(
        request,
        row,
        "console/rights_copy_preview.html",
        title=gettext("What the copy holds"),
        lines=lines,
        row_url=owner.url_of("change", row),
    )
    return page


def _hand_over(row: RightsRequest, given: FormData, request: HttpRequest) -> HttpResponse:
    return stream_package(*hand_over_package(row, reason=given["reason"], **by_user(request)))


add_request_act(
    act_page(hand_over_package, respond=_hand_over),
    act_page(request_package, form=BuildForm),
    RowAction(
        "copy-preview",
        "Preview the copy",
        Capability.HANDLE_RIGHTS_REQUESTS,
        _preview,
        form=ActionForm,
        lead="Shows how many rows each section of the copy has, without their content.",
        applies=lambda row, _at: row.is_open and row.subject_id is not None and is_copy_granted(row),
    ),
    after="decide",
)


@request_panels.connect
def show_package_panel(_request: HttpRequest, row: RightsRequest) -> dict[str, object] | None:
    if not is_copy_granted(row):
        return None
    package = find_package(row)
    return {
        "template": "console/panels/rights_copy.html",
        "package": package,
        "state": package.get_state_display() if package is not None else "",
        "is_too_large": package is not None and package.failure == BuildFailure.TOO_LARGE,
        "is_defect": package is not None and package.failure == BuildFailure.DEFECT,
        "needs_choice": package is not None and package.state == PackageState.CHOOSING,
        "may_be_fetched": package is not None and package.may_be_fetched(get_time_of(package.client_id)),
        "is_unanswered": package is not None and package.state == PackageState.READY and package.expires_at is None,
        "downloads": 0 if package is None else count_downloads(package),
        "has_contact": has_contact(row.sender),
    }


@boards.connect
def copies_board(actor: Actor, _at: datetime) -> list[Card]:
    if not actor.may(Capability.HANDLE_RIGHTS_REQUESTS):
        return []
    url = reverse("admin:requests_rightsrequest_changelist", current_app=site.name)
    return make_cards(Package.objects.failed().select_related("request").order_by("pk"), _to_card, url=url)


def _to_card(package: Package) -> Card:
    title, note = gettext("Copy that could not be built"), gettext("the page of the request says why")
    url, since = request_url(package.request_id), package.created_at
    return Card(title, package.request.number, note, url, Severity.URGENT, waits_since=since)

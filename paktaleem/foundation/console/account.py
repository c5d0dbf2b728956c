"""The page of the signed-in user's own account: the time zone, and links to password and second factor."""

from typing import TYPE_CHECKING, Any, cast
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from paktaleem.foundation.accounts.staff_services import choose_time_zone
from paktaleem.foundation.console.forms import set_choices
from paktaleem.foundation.console.time_zones import get_default_zone
from paktaleem.foundation.tenancy.context import in_global

if TYPE_CHECKING:
    from paktaleem.foundation.accounts.models import User


class AccountForm(forms.Form):
    """Choice of the time zone in which the console shows times."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy(
            "Every page of the console shows times in it, and reads the times that you enter in it."
        ),
    )

    def __init__(self, *args: Any, default: str, **kwargs: Any) -> None:
        """Offer the default first, then every IANA time zone."""
        super().__init__(*args, **kwargs)
        first = ("", _("As by default: {zone}").format(zone=default))
        set_choices(self, "time_zone", [first, *((name, name) for name in sorted(available_timezones()))])


def show_account(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show the account, or store the time zone that the user chose. ``context``: of every page of the console."""
    user = cast("User", request.user)
    given = request.POST if request.method == "POST" else None
    form = AccountForm(given, default=get_default_zone(request).name, initial={"time_zone": user.time_zone})
    if form.is_valid():
        with in_global():
            choose_time_zone(user, form.cleaned_data["time_zone"])
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("admin:account"))
    return TemplateResponse(request, "console/account.html", {**context, "title": _("Your account"), "form": form})

"""View to choose a membership for the session."""

from urllib.parse import quote

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from paktaleem.foundation.accounts.middleware import CHOSEN_MEMBERSHIP, as_received
from paktaleem.foundation.accounts.sessions import has_required_factors


@never_cache
@csrf_protect
def choose_membership(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show the user's memberships, and store the chosen one in the session."""
    if not request.user.is_authenticated or not has_required_factors(request):
        next_url = quote(request.path)
        return HttpResponseRedirect(f"{reverse('admin:login', current_app=site.name)}?next={next_url}")
    choices = {str(one.id): one for one in as_received(request).memberships}
    wanted = request.POST.get("membership", "")
    if request.method == "POST" and wanted in choices:
        request.session[CHOSEN_MEMBERSHIP] = wanted
        return HttpResponseRedirect(reverse("admin:index", current_app=site.name))
    request.current_app = site.name
    context = {
        **site.each_context(request),
        "title": gettext("Choose a membership"),
        "choices": list(choices.values()),
        "chosen": request.session.get(CHOSEN_MEMBERSHIP),
    }
    return TemplateResponse(request, "console/choose.html", context)

"""The public page that explains every reason of a decision, with the text of ``docs/decisions-api.md``."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from paktaleem.foundation.web.public.pages import public_page


@require_safe
def show_reasons(request: HttpRequest) -> HttpResponse:
    """Show the reasons, each in a section with its code as anchor; the text is in English only.

    ``make docs`` writes ``decisions/reasons_text.html`` from the documentation, which need not be deployed.
    """
    return public_page(request, "decisions/reasons.html", same_for_all=True, title=_("Reasons of a decision"))

"""The card on a client's first page once a school year has ended."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.directory.schools.models import ClassTerm, Term, TermKind
from paktaleem.directory.schools.selectors import get_day
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.console.cards import Card, Severity
from paktaleem.foundation.console.site import boards, site
from paktaleem.school_years.models import YearEnd

_REMINDED_FOR = timedelta(days=180)


@boards.connect
def year_end_board(actor: Actor, at: datetime) -> list[Card]:
    """Return the card of the open end of a year, or of a school year that ended with classes in use; three queries."""
    if not actor.may(Capability.CLOSE_SCHOOL_YEARS) or actor.client_id is None:
        return []
    row = YearEnd.objects.open().filter(client_id=actor.client_id).select_related("term").first()
    if row is not None:
        url = reverse("admin:school_years_yearend_change", args=[row.pk], current_app=site.name)
        return [Card(_("End of the school year"), row.term.title, row.get_stage_display(), url, Severity.TO_DO)]
    today = get_day(Client.objects.get(pk=actor.client_id), at)
    in_use = ClassTerm.objects.filter(client_id=actor.client_id, term_id=OuterRef("pk"), school_class__ended_at=None)
    ended = Term.objects.filter(
        Exists(in_use),
        client_id=actor.client_id,
        kind=TermKind.SCHOOL_YEAR,
        ends_on__lte=today,
        ends_on__gt=today - _REMINDED_FOR,
    )
    term = ended.order_by("ends_on", "pk").first()
    if term is None:
        return []
    url = reverse("admin:schools_term_end-year", args=[term.pk], current_app=site.name)
    note = _("has ended; its classes are in use")
    return [Card(_("End of the school year"), term.title, note, url, Severity.TO_DO)]

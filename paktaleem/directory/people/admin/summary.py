"""The first lines of the summary of a person, and the guardians claimed for them, on their page in the console."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from paktaleem.directory.people.admin.people import SubjectAdmin, person_url
from paktaleem.directory.people.admin.roles import describe_roles
from paktaleem.directory.people.models import GuardianClaim, Subject
from paktaleem.foundation.console.columns import period_pill, render_state
from paktaleem.foundation.console.person_pages import SummaryLine, person_panels, person_summaries
from paktaleem.foundation.console.site import site
from paktaleem.foundation.first_rows import take_latest

_MOST_CLAIMS = 50


@person_summaries.connect
def summarize_person(request: HttpRequest, row: Subject) -> list[SummaryLine]:
    """Return the school, the role, the age, and whether the account and the record are open."""
    del request
    page: SubjectAdmin = site.get_model_admin(Subject)
    state = [] if row.is_recorded else [SummaryLine(_("Record"), page.record(row))]
    account = (
        [] if row.is_account_open or row.erased_at else [SummaryLine(_("Account"), render_state(_("Closed"), "warn"))]
    )
    return [
        SummaryLine(_("Client"), row.client.name),
        SummaryLine(_("Role"), describe_roles(row)),
        SummaryLine(_("Age"), page.age(row)),
        *state,
        *account,
    ]


@person_panels.connect
def guardians_panel(request: HttpRequest, row: Subject) -> dict[str, Any]:
    """Show the guardians that are claimed for a child, and the children of a guardian."""
    del request
    own = GuardianClaim.objects.filter(Q(child=row) | Q(guardian=row)).select_related("child", "guardian")
    claims = take_latest(own, _MOST_CLAIMS)
    rows = claims.map(
        lambda claim: {
            "relation": claim.get_relationship_display(),
            "is_child": claim.child_id == row.pk,
            "other": claim.guardian if claim.child_id == row.pk else claim.child,
            "url": person_url(claim.guardian_id if claim.child_id == row.pk else claim.child_id),
            "state": period_pill(claim),
        }
    )
    return {"template": "console/panels/guardians.html", "rows": rows}

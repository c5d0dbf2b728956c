"""Lines of the first page about security assessments: findings, the next assessments, risks to accept."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from paktaleem.directory.security_assessments.models import Finding, RiskAcceptance, SecurityAssessment
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.accounts.roles import Capability
from paktaleem.foundation.accounts.second_person import ChangeState
from paktaleem.foundation.console.cards import Line, Severity, Task
from paktaleem.foundation.console.filters import PROGRESS
from paktaleem.foundation.console.site import boards, site


@boards.connect
def assessment_board(actor: Actor, at: datetime) -> list[Line]:
    """Return findings and assessments that are due or will be within two weeks, and risks to accept."""
    if not actor.may(Capability.MANAGE_SECURITY_ASSESSMENTS):
        return []
    findings, assessments = Finding.objects, SecurityAssessment.objects
    title, mend = _("Findings of security assessments"), _("mend them, or have the risk accepted by a second officer")
    following, plan = _("Security assessments"), _("the next one of this kind")
    kind, late, soon = "securityassessment", f"?{PROGRESS}=overdue", f"?{PROGRESS}=due_soon"
    waiting = RiskAcceptance.objects.filter(state=ChangeState.WAITING)
    to_accept, second = _url("riskacceptance", "?state__exact=waiting"), _("a second officer must approve or decline")
    return [
        Task(title, findings.overdue(at), mend, _url("finding", late), Severity.OVERDUE, due="due_on"),
        Task(title, findings.due_soon(at), mend, _url("finding", soon), Severity.URGENT, due="due_on"),
        Task(following, assessments.overdue(at), plan, _url(kind, late), Severity.OVERDUE, due="next_on"),
        Task(following, assessments.due_soon(at), plan, _url(kind, soon), Severity.TO_DO, due="next_on"),
        Task(_("Risks to accept"), waiting, second, to_accept, since="requested_at"),
    ]


def _url(model: str, query: str) -> str:
    return reverse(f"admin:security_assessments_{model}_changelist", current_app=site.name) + query

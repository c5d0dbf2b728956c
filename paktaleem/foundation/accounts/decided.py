"""Findings about which staff decide once, with a ground: differences of inventories, findings about the use of data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _, gettext_lazy

from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.services import record_entry
from paktaleem.foundation.tenancy.models import TenantRow

GroundOfDecision = Annotated[
    str,
    forms.CharField(
        label=gettext_lazy("Ground"),
        help_text=gettext_lazy("Say what was done about it, and which role or company did it. Do not name people."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
    ),
]
"""The argument ``ground`` of an act that decides about a finding."""


class Decided(TenantRow):
    """One finding, open until staff decide; ``ground`` says in words what was done, without names of people."""

    decision = models.CharField(max_length=16, blank=True, default="", db_default="")
    ground = models.TextField("ground in words", max_length=2000, blank=True, default="", db_default="")
    decided_at = models.DateTimeField("decided", null=True)
    decided_by = models.UUIDField(null=True)
    decided_role = models.CharField(max_length=32, blank=True, default="", db_default="")

    class Meta:
        abstract = True


def has_ground_if_decided(name: str) -> models.CheckConstraint:
    """Return the constraint that a decision has its time, a person and a ground, and that an open finding has none."""
    return models.CheckConstraint(
        condition=Q(decided_at=None, decided_by=None, decision="", ground="")
        | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decision="") & ~Q(ground="")),
        name=name,
    )


def decide_finding[Finding: Decided](
    finding: Finding, decision: str, ground: str, *, entry: str, facts: Mapping[str, object], actor: Actor, at: datetime
) -> Finding:
    """Save the decision about a locked finding, and record it in the ledger. Raises ValidationError by field."""
    if not ground.strip():
        raise ValidationError({"ground": [_("Give a ground in words.")]})
    finding.decision, finding.ground, finding.decided_at = decision, ground.strip(), at
    finding.decided_by, finding.decided_role = actor.id, actor.role
    finding.clean_fields(exclude={field.name for field in finding._meta.fields} - {"decision", "ground"})
    finding.save()
    record_entry(entry, client_id=finding.client_id, facts={**facts, "outcome": decision}, actor=actor, at=at)
    return finding

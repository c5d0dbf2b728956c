"""Links between records that are one person, and the undoing of a link: each proposed by one, decided by another."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from paktaleem.directory.people.copies.declarations import Copied
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.second_person import ChangeState, RequestedChange, second_person_constraints
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.indexes import newest_first
from paktaleem.foundation.tenancy.tables import EDIT, Scope, TablePolicy, classify


class MergeKind(models.TextChoices):
    """Proposal about two records."""

    LINK = "link", _("They are one person")
    UNDO = "undo", _("They are not one person")


class PersonMerge(RequestedChange):
    """One proposal that ``other`` is the same person as ``main``, or, with ``undoes``, that this link is wrong.

    No row moves: an approved link sets ``Subject.same_person`` of both records to the main one, and approved undoing
    removes it. Rows are never deleted, so that past decisions can be explained. ``main`` may have several others, each
    with a link of its own; a record is in one link at most.
    """

    wall = TablePolicy(Scope.TENANT, EDIT, disposed_as="evidence", personal=classify(none="kind reason requested_kind"))
    copied = Copied(
        "merges", _("Your records that belong together"), "kind state requested_at settled_at", of=("main", "other")
    )

    kind = models.CharField(max_length=8, choices=MergeKind)
    main = models.ForeignKey(
        Subject, models.PROTECT, verbose_name="main record", related_name="+", db_constraint=False, db_index=False
    )
    other = models.ForeignKey(
        Subject, models.PROTECT, verbose_name="other record", related_name="+", db_constraint=False, db_index=False
    )
    undoes = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False, editable=False
    )
    reason = models.CharField(max_length=32, choices=Reason)

    class Meta:
        verbose_name = "link of records"
        verbose_name_plural = "records of one person"
        ordering = ["-requested_at", "-id"]
        constraints = [
            *second_person_constraints("personmerge"),
            models.CheckConstraint(condition=~Q(main=F("other")), name="personmerge_of_two_records"),
            models.CheckConstraint(
                condition=Q(kind=MergeKind.LINK, undoes=None) | Q(kind=MergeKind.UNDO, undoes__isnull=False),
                name="personmerge_undoes_a_link",
            ),
            models.UniqueConstraint(
                fields=["client", "other"], condition=Q(state=ChangeState.WAITING), name="personmerge_one_waiting"
            ),
            models.UniqueConstraint(
                fields=["client", "undoes"], condition=Q(state=ChangeState.APPROVED), name="personmerge_undone_once"
            ),
        ]
        indexes = [
            models.Index(fields=["client", "main"], name="personmerge_of_main"),
            models.Index(fields=["client", "other"], name="personmerge_of_other"),
            *newest_first("requested_at", "personmerge_by_time"),
            *newest_first("requested_at", "personmerge_by_state", by="state"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())

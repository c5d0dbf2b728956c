"""The field of rows that carry the schools of the limited staff who made them (``Limited.BY_SCHOOLS``)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


def own_schools(*, made_by: str) -> Any:
    """Return the field ``school_ids`` of a model; ``made_by`` completes “Schools of limited staff who …”."""
    return ArrayField(
        models.UUIDField(),
        null=True,
        blank=True,
        editable=False,
        help_text=f"Schools of limited staff who {made_by}, to whom it is shown. None: the whole client.",
    )

"""A page about a row reads the time on the clock of the row's client, also for officers, who see all clients."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

__all__ = ["RowClock"]


class RowClock:
    """Mixin of an admin that keeps the client of the row of a page for ``get_action_time``."""

    client_of: Callable[[Any], UUID]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row, and read the time of the request on the clock of its client from now on.

        Raises PermissionDenied before any row is read: ``get_queryset`` may need the capability too.
        """
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        if row is not None:
            request.about_client = self.client_of(row)  # type: ignore[attr-defined]
        return row

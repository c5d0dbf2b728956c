"""A page about a row reads the time on the clock of the row's client, also for officers, who see all clients."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse


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

    def _row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def _get_obj_does_not_exist_redirect(self, *_: Any) -> HttpResponse:
        """Raise Http404, the same as for a row of another client."""
        raise Http404

"""A second privacy officer, Gul, who agrees to what Amina proposes."""

from datetime import datetime
from uuid import UUID

from paktaleem.foundation.accounts.actors import Actor, user_actor
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import decide_staff_change
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.factories import make_staff

EMAIL = "gul@paktaleem.example"


def second_officer_user() -> User:
    """Return Gul's account; the host makes it when it is first needed, outside any context."""
    with in_global():
        found = User.objects.filter(email=EMAIL).first()
    return found or make_staff(EMAIL, ("privacy_officer", PAKTALEEM), full_name="Gul Khan")


def second_officer() -> Actor:
    return user_actor(second_officer_user().pk, "privacy_officer", PAKTALEEM)


def approve(client_id: UUID, at: datetime) -> StaffChange:
    """Approve the only waiting change of staff of a client as Gul."""
    gul = second_officer()
    with in_client(client_id):
        waiting = StaffChange.objects.get(state="waiting")
        return decide_staff_change(waiting, approve=True, actor=gul, reason="review", at=at)

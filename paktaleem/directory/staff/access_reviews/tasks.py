"""Background tasks: reviews of access are opened and closed; their emails."""

from uuid import UUID

from django.urls import reverse
from procrastinate.contrib.django import app

from paktaleem.directory.mail.services import send_message
from paktaleem.directory.staff.access_reviews.messages import REVIEW_DUE
from paktaleem.directory.staff.access_reviews.models import AccessReview
from paktaleem.directory.staff.access_reviews.services import NOTIFY, advance_reviews
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.roles import Role
from paktaleem.foundation.accounts.selectors import list_client_ids, list_staff
from paktaleem.foundation.accounts.sign_in_rules import build_public_url
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.operations.jobs.enqueue import do_for_clients
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM

ADVANCE = "access_reviews.advance"


@app.periodic(cron="43 * * * *", periodic_id="access_reviews")
@app.task(name=ADVANCE, queueing_lock=ADVANCE, pass_context=False)
def advance_all_reviews(timestamp: int) -> None:
    """Every hour, open reviews of access and lock what was not confirmed, each client by its own day."""
    del timestamp
    do_for_clients(
        list_client_ids(), lambda client_id, at: advance_reviews(client_id, actor=system_actor(ADVANCE), at=at)
    )


@app.task(name=NOTIFY, pass_context=False)
def notify_of_review(client: str, review: str) -> None:
    """Email a client's administrators, or PakTaleem's officers, that a review is opened."""
    client_id = UUID(client)
    role = Role.PRIVACY_OFFICER if client_id == PAKTALEEM else Role.CLIENT_ADMIN
    with in_client(client_id):
        row = AccessReview.objects.get(pk=review, client_id=client_id)
        page = reverse("admin:access_reviews_accessreview_confirm", args=[row.pk], current_app="console")
        context = {"day": row.locks_on.isoformat(), "url": build_public_url(page)}
        for user in list_staff(client_id, role, at=wall_clock_now()):
            send_message(
                REVIEW_DUE.code,
                to=user,
                client_id=client_id,
                context=context,
                related_id=row.pk,
                actor=system_actor(NOTIFY),
                at=client_now(),
            )

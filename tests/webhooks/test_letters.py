"""An endpoint that fails for days: retried to the end, disabled, and its client's administrators emailed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import DELIVER
from paktaleem.directory.mail.tasks import deliver
from paktaleem.directory.webhooks.models import Attempt, Delivery, Endpoint, EndpointHealth
from paktaleem.directory.webhooks.schedule import ATTEMPTS
from paktaleem.directory.webhooks.sender import Pump
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.tenancy.context import in_client, in_global
from tests.console.pages import row_url
from tests.demo.running import PATIENCE
from tests.outbound.listening import listener
from tests.webhooks.receiving import Receiver, add, ask
from tests.working import work

BEGINS = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def due_at(endpoint):
    """Return when the only waiting message is tried next; None if there is none."""
    with in_client(endpoint.client_id):
        waiting = Delivery.objects.filter(endpoint=endpoint, state="waiting").first()
        rests_until = EndpointHealth.objects.get(endpoint=endpoint).rests_until
    return waiting and max(waiting.due_at, rests_until or waiting.due_at)


def failing(cast, settings, clock, receiver):
    """Let the worker send to a receiver whenever something is due, until nothing is; return the endpoint."""

    async def run():
        async with listener(receiver) as found:
            settings.WEBHOOKS_ALLOWED = [f"127.0.0.1:{found.port}"]
            endpoint, _ = await ask(add, cast, found.port)
            moment = await ask(due_at, endpoint)
            while moment is not None:
                clock.move_to(moment)
                await Pump(exchange_seconds=PATIENCE).run(seconds=PATIENCE, until_idle=True)
                is_on = await ask(is_enabled, endpoint)
                moment = await ask(due_at, endpoint) if is_on else None
            clock.move_to(BEGINS + timedelta(days=30))
            await Pump(exchange_seconds=PATIENCE).run(seconds=PATIENCE, until_idle=True)
            return endpoint

    return asyncio.run(run())


def is_enabled(endpoint):
    with in_client(endpoint.client_id):
        return Endpoint.objects.get(pk=endpoint.pk).is_enabled


def speaks(cast, name, language):
    with in_global():
        User.objects.filter(pk=cast.user_id(name)).update(language=language)


WORDS = {
    "en": (
        "A webhook of Indus Schools Network was switched off: {name}",
        "Failing for days.",
    ),
    "ur": ("Indus Schools Network کا ایک ویب ہک بند کر دیا گیا: {name}", "وجہ: کئی دن ناکام رہا۔"),
}


@pytest.mark.parametrize("language", ["en", "ur"])
def test_after_days_of_failures_the_administrators_get_an_email(
    committed, settings, time_machine, mailoutbox, language
):
    time_machine.move_to(BEGINS)
    speaks(committed, "farah", language)
    receiver = Receiver("503 Service Unavailable")
    endpoint = failing(committed, settings, time_machine, receiver)

    assert len(receiver.got) == ATTEMPTS, "and none after it was switched off"
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    with in_client(endpoint.client_id):
        endpoint = Endpoint.objects.get(pk=endpoint.pk)
        assert (endpoint.is_enabled, endpoint.disabled_because) == (False, "failing")
        assert endpoint.disabled_at is not None
        assert timedelta(days=2) < endpoint.disabled_at - BEGINS < timedelta(days=4)
        assert [one.state for one in Delivery.objects.all()] == ["failed"]
        assert set(Attempt.objects.values_list("status", flat=True)) == {503}
        assert Letter.objects.get().state == "queued"
    assert mail.outbox == []

    work({DELIVER: deliver})
    [letter] = mailoutbox
    subject, why = (words.format(name=endpoint) for words in WORDS[language])
    assert letter.to == [committed.user("farah").email], "hers alone: nobody else administers Indus"
    assert letter.subject == subject
    assert why in letter.body
    assert f"{settings.PUBLIC_URL.rstrip('/')}{row_url('webhooks/endpoint', endpoint.pk)}" in letter.body
    with in_client(endpoint.client_id):
        assert Letter.objects.get().state == "sent"
    work({DELIVER: deliver})
    assert len(mailoutbox) == 1

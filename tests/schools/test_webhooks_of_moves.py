"""A pupil moves from a client to another: each client's receiver gets its own events, and nothing of the other's."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from consent.consents.models import Consent, ConsentEvent
from paktaleem.directory.people.models import Subject
from paktaleem.directory.schools.models import Enrolment, School, SchoolClass
from paktaleem.directory.webhooks.events import patterns
from paktaleem.directory.webhooks.models import Delivery
from paktaleem.directory.webhooks.sender import Pump
from paktaleem.directory.webhooks.services import add_endpoint
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import Cast
from tests.demo.running import PATIENCE
from tests.factories import SETTING_UP
from tests.outbound.listening import listener
from tests.signing_in import browser_of
from tests.webhooks.receiving import Receiver, ask

CLIENTS = ("indus", "khyber")
FAMILIES = [one for one in patterns() if one.endswith(".*")]
BATCH = "/api/v1/enrolments/batch"


class Stage:
    """The steps of a story, after each of which the worker sends until nothing is due; ``heard`` are the new bodies."""

    def __init__(self, cast: Cast, settings: Any) -> None:
        self.cast, self.settings = cast, settings
        self.receivers = {code: Receiver() for code in CLIENTS}

    def play(self, *steps: Callable[[Cast], None]) -> list[dict[str, list[Any]]]:
        """Play the steps; return what each receiver heard after each."""
        return asyncio.run(self._play(steps))

    async def _play(self, steps: tuple[Callable[[Cast], None], ...]) -> list[dict[str, list[Any]]]:
        heard = []
        async with AsyncExitStack() as listening:
            found = {code: await listening.enter_async_context(listener(one)) for code, one in self.receivers.items()}
            self.settings.WEBHOOKS_ALLOWED = [f"127.0.0.1:{one.port}" for one in found.values()]
            for code, one in found.items():
                await ask(subscribe, self.cast, code, one.port)
            for step in steps:
                await ask(step, self.cast)
                await Pump(exchange_seconds=PATIENCE).run(seconds=PATIENCE, until_idle=True)
                heard.append({code: self._take(code) for code in CLIENTS})
        return heard

    def _take(self, code: str) -> list[Any]:
        found = [json.loads(body) for _headers, body in self.receivers[code].got]
        self.receivers[code].got.clear()
        return found


def subscribe(cast: Cast, code: str, port: int) -> None:
    """Subscribe a client's receiver to everything."""
    client_id, at = cast.client_id(code), datetime.now(UTC)
    with in_client(client_id):
        add_endpoint(client_id, url=f"http://127.0.0.1:{port}/hooks", events=FAMILIES, actor=SETTING_UP, at=at)


def attends_indus(cast: Cast) -> None:
    """Enrol Hamza at Indus, and record his consent."""
    indus = Caller(cast.key("indus"))
    assert indus.put("/api/v1/schools/lyari", {"name": "Lyari"}).status_code == 201
    assert indus.put("/api/v1/classes/4a", {"title": "4a", "school": "lyari"}).status_code == 201
    enrolled = {"subject": "lms-hamza", "class": "4a", "starts_on": str(datetime.now(UTC).date() - timedelta(days=60))}
    assert indus.post(BATCH, {"enrolments": [enrolled]}).status_code == 200
    assert indus.consent("lms-hamza", "newsletter").status_code == 201


def leaves_indus(cast: Cast) -> None:
    """Let Indus's administrator close the account because the pupil moves."""
    url = f"/admin/subjects/subject/{cast.subject_id('hamza')}/moves-away/"
    assert browser_of(cast.user("farah")).post(url, {"reason": "client_instruction"}).status_code == 302


def joins_khyber(cast: Cast) -> None:
    """Register the pupil under the same LMS id at Khyber, and record a consent of his there."""
    khyber = Caller(cast.key("khyber"))
    person = {"role": "learner", "birth_date": "2000-01-05", "full_name": "Hamza Lodhi"}
    assert khyber.put("/api/v1/subjects/lms-hamza", person).status_code == 201
    assert khyber.consent("lms-hamza", "newsletter").status_code == 201


def withdraws_at_khyber(cast: Cast) -> None:
    """Record his withdrawal at Khyber."""
    assert Caller(cast.key("khyber")).consent("lms-hamza", "newsletter", "withdrawn").status_code == 201


def withdraws_at_indus(cast: Cast) -> None:
    """Record his withdrawal at Indus, which has his account closed and his data."""
    assert Caller(cast.key("indus")).consent("lms-hamza", "newsletter", "withdrawn").status_code == 201


def own_ids(cast: Cast, code: str) -> set[str]:
    """Return the ids of a client and of its rows that a message could name."""
    found = {str(cast.client_id(code)), "lms-hamza", "Hamza"}
    with in_client(cast.client_id(code)):
        for model in (Subject, Consent, ConsentEvent, School, SchoolClass, Enrolment, Delivery):
            found |= {
                str(one)
                for one in model._default_manager.filter(client_id=cast.client_id(code)).values_list("pk", flat=True)
            }
    return found


def types(bodies: list[Any]) -> list[str]:
    return sorted(one["type"] for one in bodies)


def test_each_client_hears_its_own_events_of_a_move_and_nothing_of_the_other(committed: Cast, settings: Any) -> None:
    steps = (attends_indus, leaves_indus, joins_khyber, withdraws_at_khyber, withdraws_at_indus)
    heard = Stage(committed, settings).play(*steps)
    assert [{code: types(bodies) for code, bodies in one.items()} for one in heard] == [
        {"indus": ["consent.given", "decision.invalidated"], "khyber": []},
        {"indus": ["decision.invalidated"], "khyber": []},
        {"indus": [], "khyber": ["consent.given", "decision.invalidated", "decision.invalidated"]},
        {"indus": [], "khyber": ["consent.withdrawn", "decision.invalidated"]},
        {"indus": ["consent.withdrawn", "decision.invalidated"], "khyber": []},
    ]
    with in_client(committed.client_id("khyber")):
        new = str(Subject.objects.get(external_id="lms-hamza").pk)
    old = str(committed.subject_id("hamza"))
    for code, person, other in (("indus", old, "khyber"), ("khyber", new, "indus")):
        bodies = [body for one in heard for body in one[code]]
        assert {body["data"]["subject_id"] for body in bodies} == {person}
        assert [one for one in own_ids(committed, other) if one in json.dumps(bodies)] == []

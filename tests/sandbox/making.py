"""A sandbox beside the cast: a school that serves minors, with its own register, key and people."""

from datetime import date
from typing import Any

from consent.notices.starter_register import CATEGORIES, PURPOSES
from paktaleem.foundation.accounts.actors import Actor, key_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.accounts.roles import KEY_SCOPES
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id
from tests.api.callers import Caller
from tests.factories import ClientFactory, SubjectFactory, make_agreement, make_consent_purpose, make_key, make_system


class Sandbox:
    def __init__(self) -> None:
        """Register it with two learners: an adult and a child."""
        self.id = new_id()
        with in_client(self.id):
            client = ClientFactory(id=self.id, code="play", name="Playground", is_sandbox=True)
            make_consent_purpose(client, "newsletter", ["contact_details"])
            make_agreement(client, [*PURPOSES, "newsletter"], list(CATEGORIES))
            self.key, self.secret = make_key(self.id)
            make_system(client, "lms", ["contact_details", "usage_logs"], key="LMS")
            SubjectFactory(client=client, external_id="p-adult", birth_date=date(1990, 5, 4))
            SubjectFactory(client=client, external_id="p-child", birth_date=date(2017, 5, 4))
        self.caller = Caller(self.secret)

    @property
    def client(self) -> Client:
        return Client.objects.get(id=self.id)

    @property
    def actor(self) -> Actor:
        return key_actor(self.key.id, self.id, KEY_SCOPES)

    def move(self, **by: Any) -> Any:
        answer = self.caller.post("/api/v1/sandbox/clock", by)
        assert answer.status_code == 200, answer.content
        return answer.json()

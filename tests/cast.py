"""The cast of all tests.

Amina is a privacy officer, Bilal an auditor and Sana a support agent of PakTaleem. Farah administers Indus Schools,
which serves minors; Celia administers Khyber Institute, which does not. At Indus: Danish, a student aged 9, his
mother Esra, Hamza, a student aged 17, Iqra, a student of unknown age, and Junaid, an instructor. At Khyber:
Kiran, an adult learner. Both clients have an agreement, instructions for all starter purposes, and two purposes of
their own based on consent: newsletter and product_research. Each has an API key LMS with every scope, which acts for
the client's system lms. PakTaleem's system billing serves all clients and is operated by hand.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import Model

from consent.notices.services.publishing import load_register
from consent.notices.starter_register import CATEGORIES, PURPOSES
from consent.register.models.purposes import BalancingTest, ListedLaw
from consent.register.services import change_register, sign_balancing_test
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import claim_guardian
from paktaleem.foundation.accounts.actors import Actor, Authorship, NotAllowed, key_actor, user_actor
from paktaleem.foundation.accounts.break_glass import Appointment, appoint_staff
from paktaleem.foundation.accounts.models import Client, User
from paktaleem.foundation.accounts.roles import KEY_SCOPES
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id

STAFF = {
    "amina": ("privacy_officer", "paktaleem"),
    "bilal": ("auditor", "paktaleem"),
    "sana": ("support_agent", "paktaleem"),
    "farah": ("client_admin", "indus"),
    "celia": ("client_admin", "khyber"),
}


class Cast:
    """The cast, by name. Clients and people are fetched from the database, so call these in their client's context."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def client_id(self, code: str) -> UUID:
        """Return the id of a client: paktaleem, indus or khyber."""
        return UUID(self._values["clients"][code])

    def client(self, code: str) -> Client:
        return Client.objects.get(id=self.client_id(code))

    def key(self, code: str) -> str:
        return str(self._values["keys"][code]["secret"])

    def key_id(self, code: str) -> UUID:
        return UUID(self._values["keys"][code]["id"])

    def key_actor(self, code: str) -> Actor:
        return key_actor(self.key_id(code), self.client_id(code), KEY_SCOPES)

    def user_id(self, name: str) -> UUID:
        return UUID(self._values["users"][name])

    def user(self, name: str) -> User:
        with in_global():
            return User.objects.get(id=self.user_id(name))

    def actor(self, name: str) -> Actor:
        role, code = STAFF[name]
        return user_actor(self.user_id(name), role, self.client_id(code))

    def subject_id(self, name: str) -> UUID:
        """Return the id of a person: danish, esra, hamza, iqra, junaid (Indus), kiran (Khyber)."""
        return UUID(self._values["subjects"][name])

    def subject(self, name: str) -> Subject:
        return Subject.objects.select_related("client").get(id=self.subject_id(name))

    def get[Row: Model](self, model: type[Row], code: str = "indus", /, **where: Any) -> Row:
        """Return the row of a client, Indus by default, that meets the conditions."""
        with in_client(self.client_id(code)):
            return model._default_manager.get(**where)

    def has(self, model: type[Model], code: str = "indus", /, **where: Any) -> bool:
        """Return True if a client, Indus by default, has a row that meets the conditions."""
        with in_client(self.client_id(code)):
            return model._default_manager.filter(**where).exists()


def refused_to(names: str, act: Callable[[str], object]) -> None:
    """Expect that the role of each of these people of the cast does not allow an act, which gets the name."""
    for name in names.split():
        with pytest.raises(NotAllowed), transaction.atomic():
            act(name)


def make_cast() -> dict[str, Any]:
    """Create the cast in an empty, migrated database; return the ids and secrets that tests need."""
    from tests.factories import BY, CAST_AT, SETTING_UP  # noqa: PLC0415 -- see tests/database.py

    with in_client(PAKTALEEM):
        load_register(actor=SETTING_UP, at=CAST_AT)
        change_register(ListedLaw(client_id=PAKTALEEM, country="PK", citation="Education Act"), **BY)
        for test in BalancingTest.objects.all():
            sign_balancing_test(test, actor=SETTING_UP, at=CAST_AT)
    clients = {"paktaleem": PAKTALEEM, "indus": new_id(), "khyber": new_id()}
    values: dict[str, Any] = {"keys": {}, "subjects": {}}
    for code, client_id in clients.items():
        with in_client(client_id):
            _make_client(code, client_id, values)
    users = _make_staff(clients)
    values["clients"] = {code: str(client_id) for code, client_id in clients.items()}
    values["users"] = {name: str(user_id) for name, user_id in users.items()}
    return values


def _make_staff(clients: dict[str, UUID]) -> dict[str, UUID]:
    """Make all staff as the host makes the first ones of a deployment; their passwords are their addresses."""
    from tests.factories import CAST_AT  # noqa: PLC0415 -- as above

    appointments = []
    for name, (role, code) in STAFF.items():
        email, roles = f"{name}@{code}.example", ((role, clients[code]),)
        appointments.append(Appointment(email=email, full_name=name.title(), roles=roles, password=email))
    made = appoint_staff(appointments, reason=Reason.ONBOARDING, at=CAST_AT)
    return {name: user.id for name, user in zip(STAFF, made, strict=True)}


def _make_client(code: str, client_id: UUID, values: dict[str, Any]) -> None:
    from tests import factories  # noqa: PLC0415 -- as above

    if code == "paktaleem":
        client = Client.objects.get(id=client_id)
    else:
        client = factories.ClientFactory(id=client_id, code=code, name=NAMES[code], serves_minors=code == "indus")
        factories.make_consent_purpose(client, "newsletter", ["contact_details"])
        factories.make_consent_purpose(client, "product_research", ["contact_details", "usage_logs"])
        factories.make_agreement(client, [*PURPOSES, "newsletter", "product_research"], list(CATEGORIES))
        made = {}
        for name, details in PEOPLE[client.code].items():
            given = (
                {**details, "birth_date": factories.BORN[details["birth_date"]]} if "birth_date" in details else details
            )
            made[name] = factories.SubjectFactory(client=client, external_id=f"lms-{name}", **given)
        if "danish" in made:
            by: Authorship = {"actor": factories.SETTING_UP, "at": factories.CAST_AT}
            claim_guardian(made["danish"], guardian=made["esra"], relationship="parent", **by)
        values["subjects"] |= {name: str(subject.id) for name, subject in made.items()}
    key, secret = factories.make_key(client_id)
    values["keys"][code] = {"id": str(key.id), "secret": secret}
    if code == "paktaleem":
        factories.make_system(client, "billing", ["billing", "contact_details"], delivery="by_hand")
    else:
        factories.make_system(client, "lms", ["contact_details", "usage_logs", "content"], key="LMS")


NAMES = {"indus": "Indus Schools Network", "khyber": "Khyber Institute"}

PEOPLE: dict[str, dict[str, dict[str, Any]]] = {
    "indus": {
        "danish": {"role": "student", "full_name": "Danish Qureshi", "birth_date": "child"},
        "esra": {
            "role": "guardian",
            "full_name": "Esra Qureshi",
            "email": "esra.qureshi@mail.example",
            "phone": "+923001234567",
            "language": "ur",
        },
        "hamza": {
            "role": "student",
            "full_name": "Hamza Lodhi",
            "email": "hamza.lodhi@students.example",
            "birth_date": "teenager",
        },
        "iqra": {"role": "student", "full_name": "Iqra Shah"},
        "junaid": {"role": "instructor", "full_name": "Junaid Mirza", "email": "junaid.mirza@school.example"},
    },
    "khyber": {
        "kiran": {
            "role": "learner",
            "full_name": "Kiran Tareen",
            "email": "kiran.tareen@mail.example",
            "birth_date": "adult",
        }
    },
}

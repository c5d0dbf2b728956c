"""Factories that create rows through the services, so that history, evidence and encryption are real."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from factory.base import Factory
from factory.declarations import LazyAttribute, Sequence

from consent.notices.models import Notice
from consent.notices.services.publishing import publish_notice_version
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.models.purposes import LawfulBasis, Purpose
from consent.register.services import change_register
from paktaleem.directory.data_systems.models import Ground, OrderKind, System, SystemKey
from paktaleem.directory.data_systems.services.issuing import OrderSpec
from paktaleem.directory.data_systems.services.registering import assign_key, change_system
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.break_glass import Appointment, appoint_staff
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import ApiKey, Client, User
from paktaleem.foundation.accounts.roles import KEY_SCOPES
from paktaleem.foundation.accounts.services import issue_api_key
from paktaleem.foundation.audit.actors import Reason

SETTING_UP = system_actor("tests")
CAST_AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
"""When the cast was registered. Tests choose later times."""
FAR = datetime(2099, 1, 1, tzinfo=UTC)
"""When keys of tests expire."""

BY: dict[str, Any] = {"actor": SETTING_UP, "reason": Reason.ONBOARDING, "at": CAST_AT}


class ServiceFactory[Row](Factory[Row]):
    """The base of all factories: a row is made by the same service as in production."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Row], *_: Any, **values: Any) -> Row:
        return cls.make(model_class, **values)

    @staticmethod
    def make(model_class: type[Row], /, **values: Any) -> Row:
        raise NotImplementedError


class ClientFactory(ServiceFactory[Client]):
    """A client; by default a school that serves minors. Requires the client's own context."""

    class Meta:
        model = Client

    code = Sequence(lambda n: f"school_{n}")
    name = LazyAttribute(lambda client: client.code.replace("_", " ").title())
    country = "PK"
    time_zone = "Asia/Karachi"
    serves_minors = True

    @staticmethod
    def make(model_class: type[Client], /, **values: Any) -> Client:
        return change_client(model_class(**values), **BY)


def make_staff(email: str, *roles: tuple[str, UUID], full_name: str = "Staff Member", at: datetime = CAST_AT) -> User:
    """Make a member of staff from the host, outside any context; the password is their email address.

    The host makes staff only while fewer than two officers are left; tests of more make them in the console.
    """
    one = Appointment(email=email, full_name=full_name, roles=roles, password=email)
    [user] = appoint_staff([one], reason=Reason.ONBOARDING, at=at)
    return user


class SubjectFactory(ServiceFactory[Subject]):
    """A person; by default a student of unknown age. Requires the client's context."""

    class Meta:
        model = Subject

    external_id = Sequence(lambda n: f"stu-{n}")
    role = "student"
    full_name = "Someone"
    at = CAST_AT

    @staticmethod
    def make(_: type[Subject], /, **values: Any) -> Subject:
        client, external_id, at = values.pop("client"), values.pop("external_id"), values.pop("at")
        subject, _is_new = register_subject(external_id, client=client, details=values, actor=SETTING_UP, at=at)
        return subject


def make_consent_purpose(
    client: Client,
    code: str,
    categories: list[str],
    at: datetime = CAST_AT,
    *,
    roles: Iterable[str] = ("student", "learner", "instructor", "administrator", "guardian"),
) -> Purpose:
    """Create a client's own purpose based on consent for these roles, with its notice in effect."""
    purpose = Purpose(
        client_id=client.id,
        code=code,
        name_en=code.replace("_", " ").title(),
        name_ur="رضامندی",
        description_en=f"What {code} is for.",
        description_ur="یہ کس لیے ہے۔",
        categories=categories,
    )
    by = {**BY, "at": at}
    change_register(purpose, **by)
    for role in roles:
        basis = LawfulBasis(client_id=client.id, purpose=purpose, role=role, basis="consent", starts_at=at)
        change_register(basis, **by)
    titles = {"title_en": f"About {code.replace('_', ' ')}", "title_ur": "اطلاع"}
    notice = Notice(client_id=client.id, code=f"about_{code}", purposes=[code], **titles)
    change_register(notice, **by)
    publish_notice_version(
        notice,
        text_en=f"May we use your data for {code}? You may say no, and change your mind at any time.",
        text_ur="کیا ہم آپ کی معلومات استعمال کر سکتے ہیں؟ آپ انکار کر سکتے ہیں۔",
        is_material=True,
        effective_at=at,
        **by,
    )
    return purpose


def make_agreement(client: Client, purposes: list[str], categories: list[str], at: datetime = CAST_AT) -> None:
    agreement = ServiceAgreement(client_id=client.id, reference=f"MSA-{client.code}", signed_at=at, starts_at=at)
    change_register(agreement, **{**BY, "at": at})
    of_client = {"client_id": client.id, "agreement": agreement, "document": "Annex 1", "starts_at": at}
    change_register(Instruction(**of_client, purposes=purposes, categories=categories), **{**BY, "at": at})


def make_system(
    client: Client,
    code: str,
    categories: list[str],
    *,
    delivery: str = "poll",
    key: str | None = None,
    at: datetime = CAST_AT,
) -> System:
    """Create a system that holds these categories, and let a key act for it. Requires the client's context."""
    by = {**BY, "at": at}
    contact = f"{code}@{client.code}.example"
    system = System(client=client, code=code, name=code.title(), categories=categories, contact=contact, starts_at=at)
    system.delivery = delivery
    change_system(system, **by)
    if key is not None:
        assign_key(SystemKey(client=client, system=system, key_name=key), **by)
    return system


def make_key(
    client_id: UUID, scopes: Iterable[str] = KEY_SCOPES, *, name: str = "LMS", at: datetime = CAST_AT
) -> tuple[ApiKey, str]:
    """Issue an API key that does not expire; return its row and the secret. Requires the client's context."""
    return issue_api_key(client_id, name=name, scopes=list(scopes), expires_at=FAR, actor=SETTING_UP, at=at)


def deactivate_purpose(code: str, *, client_id: UUID, at: datetime) -> None:
    purpose = Purpose.objects.get(code=code, client_id=client_id)
    purpose.is_active = False
    change_register(purpose, actor=SETTING_UP, reason=Reason.REVIEW, at=at)


class OrderSpecFactory(Factory[OrderSpec]):
    """The specification of orders that follow from a person's request; by default to erase logs in 20 days."""

    class Meta:
        model = OrderSpec

    class Params:
        at = CAST_AT

    kind = OrderKind.ERASE
    categories = ("usage_logs",)
    reason = Reason.SUBJECT_REQUEST
    ground = Ground.RIGHT_OF_THE_PERSON
    due_at = LazyAttribute(lambda spec: spec.at + timedelta(days=20))

    @classmethod
    def _adjust_kwargs(cls, **values: Any) -> dict[str, Any]:
        return {**values, "kind": OrderKind(values["kind"]), "categories": frozenset(values["categories"])}


BORN = {"child": date(2017, 3, 14), "adult": date(1990, 5, 20), "teenager": date(2009, 6, 2)}

# ruff: noqa: PLR0917 -- parametrized
"""Changes to the register: one service, no backdating, no sale, effective in every process at once."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from psycopg import errors

from consent.agreements.models import ClientContact
from consent.cookies.models import Cookie, CookieSite, LinkedService
from consent.notices.models import Notice
from consent.register.models.agreements import (
    AgreementSuspension,
    Instruction,
    Recipient,
    RecipientApproval,
    ServiceAgreement,
)
from consent.register.models.purposes import (
    BalancingTest,
    DataCategory,
    LawfulBasis,
    ListedLaw,
    Occasion,
    PeriodRow,
    Purpose,
    PurposeCapacity,
    RegisterRow,
    RegisterVersion,
)
from consent.register.services import change_register, end_period, sign_balancing_test, widen_purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.history import save_tracked
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import RetentionRule
from tests.consent.making import accept_by_two, approve_by_two, execute, refuses
from tests.factories import SETTING_UP

WHY = Reason.REVIEW
DAY = timedelta(days=1)


def change(cast, row, at, actor=None):
    """Change a row as an officer; an instruction is the client's."""
    actor = actor or ("farah" if isinstance(row, Instruction) else "amina")
    if isinstance(row, RecipientApproval) and row._state.adding and actor == "amina":
        return approve_by_two(row, at=at, approver=cast.actor(actor))
    return change_register(row, actor=cast.actor(actor), reason=WHY, at=at)


def end(cast, row, at, actor="amina"):
    return end_period(row, actor=cast.actor(actor), reason=WHY, at=at)


def new_row(kind, client, at, **changed):
    names = {"name_en": "New", "name_ur": "نیا"}

    def newsletter():
        return Purpose.objects.filter(code="newsletter").first() or Purpose.objects.get(code="support")

    def agreement():
        return ServiceAgreement.objects.filter(client=client).first()

    values = {
        DataCategory: lambda: {"code": "shoe_size", **names},
        Occasion: lambda: {"code": "sports_day", **names},
        Purpose: lambda: {"code": "sports", **names, "description_en": "Sports.", "description_ur": "کھیل"},
        BalancingTest: lambda: {"purpose": newsletter(), "interest": "a", "necessity": "b", "balance": "c"},
        LawfulBasis: lambda: {"purpose": newsletter(), "role": "student", "basis": "consent", "starts_at": at},
        ListedLaw: lambda: {"country": "IE", "citation": "Education Act 1998"},
        PurposeCapacity: lambda: {"purpose": newsletter(), "capacity": "processor", "starts_at": at},
        Notice: lambda: {"code": "sports_notice", "title_en": "Sports", "title_ur": "کھیل"},
        Recipient: lambda: {"code": "mailer", "name": "Mailer", "service": "mail", "agreement_reference": "DPA-1"},
        RecipientApproval: lambda: {"recipient": make_recipient(client), "starts_at": at},
        ServiceAgreement: lambda: {"reference": "MSA-2", "starts_at": at},
        AgreementSuspension: lambda: {"agreement": agreement(), "starts_at": at},
        Instruction: lambda: {"agreement": agreement(), "document": "Annex 2", "starts_at": at},
        RetentionRule: lambda: {
            "purpose": newsletter(),
            "category": "content",
            "trigger": "collected",
            "period": "P30D",
            "action": "delete",
            "ground_en": "For a test.",
            "ground_ur": "جانچ کے لیے۔",
            "starts_at": at,
        },
        ClientContact: lambda: {
            "kind": "privacy",
            "subject": Subject.objects.filter(client=client).first(),
            "starts_at": at,
        },
        Cookie: lambda: {
            "name": "theme",
            "provider": "Indus",
            "set_by": "site",
            "category": "preferences",
            "purpose_en": "Remembers the colours.",
            "purpose_ur": "رنگ یاد رکھتی ہے۔",
            "days": 30,
        },
        CookieSite: lambda: {"origins": ["https://lms.indus.example"]},
        LinkedService: lambda: {
            "name": "Video House",
            "url": "https://video.example/",
            "policy_url": "https://video.example/privacy",
            "purpose_en": "Lectures.",
            "purpose_ur": "لیکچر۔",
            "review_on": (at + 300 * DAY).date(),
        },
    }[kind]()
    return kind(client=client, **{**values, **changed})


def make_recipient(client):
    row = Recipient(client=client, code="cloud", name="Cloud", service="hosting", agreement_reference="DPA-2")
    columns = "(id, client_id, code, name, service, agreement_reference, countries)"
    values = "(%s, %s, 'cloud', 'Cloud', 'hosting', 'DPA-2', '')"
    execute(f"INSERT INTO consent_recipient {columns} VALUES {values}", row.pk, client.pk)  # noqa: S608 -- ours
    return Recipient.objects.get(pk=row.pk)


def version_of(client_id):
    return RegisterVersion.objects.get(client_id=client_id).version


ROWS = {model for model in apps.get_models() if issubclass(model, RegisterRow)}
KINDS = sorted((kind for kind in ROWS if kind.change_capability), key=lambda kind: kind.__name__)
NOT_OF_DECISIONS = {ClientContact, Cookie, CookieSite, LinkedService, ListedLaw, RetentionRule}
OF_DECISIONS = [kind for kind in KINDS if kind not in NOT_OF_DECISIONS]
"""Rows of which decisions are made; the others raise no version."""


def test_every_kind_of_row_has_its_service():
    with_services_of_their_own = {
        "Assessment",
        "NoticeDispatch",
        "NoticeDraft",
        "NoticeVersion",
        "Restriction",
        "Objection",
    }
    assert {model.__name__ for model in ROWS - set(KINDS)} == with_services_of_their_own


@pytest.mark.parametrize("kind", OF_DECISIONS)
def test_a_row_is_added_and_changed_with_history_evidence_and_a_new_version(cast, indus, now, kind):
    row = new_row(kind, indus, now)
    before = version_of(indus.id)
    row = change(cast, row, now)
    assert version_of(indus.id) == before + 1
    [history] = row.history.all()
    by = cast.user_id("farah" if kind is Instruction else "amina")
    assert (history.actor_id, history.history_change_reason, history.history_date) == (by, "review", now)
    [entry] = [one for one in Entry.objects.filter(kind="register.added") if str(row.pk) in one.body]
    facts = json.loads(entry.body)["facts"]
    assert (entry.actor_id, entry.recorded_at, facts["row"]) == (by, now, row._meta.label_lower)
    change(cast, row, now + DAY)
    assert (version_of(indus.id), row.history.count()) == (before + 2, 2)


def test_a_change_of_the_client_raises_its_version(cast, indus, now):
    before = version_of(indus.id)
    indus.age_threshold = 16
    change_client(indus, actor=cast.actor("amina"), reason=WHY, at=now)
    assert version_of(indus.id) == before + 1


def test_a_shared_change_raises_the_shared_version(cast, paktaleem, now):
    before = version_of(PAKTALEEM)
    change(cast, new_row(Purpose, paktaleem, now), now)
    assert version_of(PAKTALEEM) == before + 1


def test_a_version_is_not_raised_for_what_is_rolled_back(committed, now):
    def version():
        with in_client(committed.client_id("indus")):
            return version_of(committed.client_id("indus"))

    before = version()
    with in_client(committed.client_id("indus")):
        change(committed, new_row(Purpose, committed.client("indus"), now), now)
        assert version_of(committed.client_id("indus")) == before + 1
        transaction.set_rollback(True)
    assert version() == before
    with in_client(committed.client_id("indus")):
        change(committed, new_row(Purpose, committed.client("indus"), now), now)
    assert version() == before + 1


def test_the_app_does_not_lower_a_version_unseen(indus):
    before = version_of(indus.id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_purpose SET consent_months = 7 WHERE client_id = %s", [indus.id])
    assert version_of(indus.id) > before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
def test_others_may_not_change(cast, indus, now, kind, actor):
    with pytest.raises(NotAllowed):
        change(cast, new_row(kind, indus, now), now, actor)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_admin_changes_what_is_the_clients(cast, indus, now, kind):
    row = new_row(kind, indus, now)
    if kind in {ServiceAgreement, AgreementSuspension, RecipientApproval, PurposeCapacity, ListedLaw}:
        with pytest.raises(NotAllowed):
            change(cast, row, now, "farah")
    else:
        assert change(cast, row, now, "farah").pk


@pytest.mark.parametrize("kind", [DataCategory, Occasion, Purpose, Notice, Recipient, LawfulBasis, BalancingTest])
def test_a_shared_row_is_not_added_by_a_client(cast, indus, now, kind):
    row = new_row(kind, indus, now)
    row.client_id = PAKTALEEM
    with pytest.raises(NotAllowed):
        change(cast, row, now, "farah")


def test_a_shared_row_is_not_changed_in_a_clients_context_by_an_officer_either(cast, indus, now):
    shared = Purpose.objects.get(code="support", client_id=PAKTALEEM)
    shared.name_en = "Something else"
    with pytest.raises((ProgrammingError, Purpose.DoesNotExist)), transaction.atomic():
        change(cast, shared, now)
    shared.refresh_from_db()
    assert shared.name_en != "Something else"


PERIODS = [kind for kind in KINDS if issubclass(kind, PeriodRow)]
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("kind", PERIODS)
def test_nothing_starts_in_the_past_or_ends_before_it_starts(cast, indus, now, kind):
    with pytest.raises(ValidationError) as caught, transaction.atomic():  # which takes back the rows it needs
        change(cast, new_row(kind, indus, now, starts_at=now - TICK), now)
    assert "starts_at" in caught.value.message_dict
    with pytest.raises(ValidationError):
        change(cast, new_row(kind, indus, now, starts_at=now + DAY, ends_at=now + DAY), now)


@pytest.mark.parametrize("kind", PERIODS)
def test_a_period_ends_now_and_stays_ended(cast, indus, now, kind):
    row = change(cast, new_row(kind, indus, now), now)
    row.ends_at = now + DAY - TICK
    with pytest.raises(ValidationError) as caught:
        change(cast, row, now + DAY)
    assert "ends_at" in caught.value.message_dict
    row = end(cast, kind.objects.get(pk=row.pk), now + DAY)
    assert kind.objects.get(pk=row.pk).ends_at == now + DAY
    with pytest.raises(ValidationError, match="already"):
        end(cast, row, now + DAY)
    for ends_at in (None, now + 3 * DAY):
        row.ends_at = ends_at
        with pytest.raises(ValidationError) as caught:
            change(cast, row, now + 2 * DAY)
        assert "ends_at" in caught.value.message_dict


@pytest.mark.parametrize("kind", PERIODS)
def test_the_database_refuses_a_period_out_of_order(cast, indus, now, kind):
    row = change(cast, new_row(kind, indus, now), now)
    earlier = f"UPDATE {kind._meta.db_table} SET ends_at = starts_at - interval '1 second' WHERE id = %s"  # noqa: S608
    with pytest.raises(IntegrityError) as caught:
        execute(earlier, row.pk)
    assert isinstance(caught.value.__cause__, errors.CheckViolation)


FIXED = [
    (Purpose, "code", "football"),
    (DataCategory, "code", "hat_size"),
    (LawfulBasis, "role", "learner"),
    (LawfulBasis, "starts_at", DAY),
    (LawfulBasis, "basis", "contract"),
    (PurposeCapacity, "capacity", "controller"),
    (Instruction, "purposes", ["support"]),
    (Instruction, "categories", ["usage_logs"]),
    (Instruction, "recipients", ["cloud"]),
    (RecipientApproval, "purposes", ["support"]),
    (RecipientApproval, "categories", ["usage_logs"]),
]


@pytest.mark.parametrize(("kind", "field", "value"), FIXED)
def test_what_decisions_rested_on_does_not_change(cast, indus, now, kind, field, value):
    row = change(cast, new_row(kind, indus, now), now)
    setattr(row, field, now + value if isinstance(value, timedelta) else value)
    with refuses(field):
        change(cast, row, now + DAY)


def test_what_has_not_started_may_still_change(cast, indus, now):
    row = change(cast, new_row(Instruction, indus, now, starts_at=now + DAY), now)
    row.purposes = ["support"]
    assert change(cast, row, now).purposes == ["support"]


def test_an_agreement_is_not_signed_in_the_past(indus, now):
    row = change_register(new_row(ServiceAgreement, indus, now), actor=SETTING_UP, reason=WHY, at=now)
    row.signed_at = now
    with refuses("signed_at"):
        change_register(row, actor=SETTING_UP, reason=WHY, at=now + DAY)


SALES = [
    {"code": "sale"},
    {"code": "data_sale"},
    {"code": "sell_personal_data"},
    {"code": "reseller_data_resale"},
    {"dpv_term": "https://w3id.org/dpv#SellDataToThirdParties"},
    {"code": "sell_data"},
    {"dpv_term": "dpv:SellDataToThirdParties"},
    {"dpv_term": "dpv:SellInsightsFromData"},
    {"is_sale": True},
]


@pytest.mark.parametrize("sale", SALES)
def test_a_sale_is_never_a_purpose_not_even_in_the_database(cast, indus, now, sale):
    row = new_row(Purpose, indus, now, **sale)
    with pytest.raises(ValidationError, match="never sells"):
        change(cast, row, now)
    with pytest.raises(IntegrityError, match="purpose_is_never_a_sale"), transaction.atomic():
        save_tracked(row, actor=SETTING_UP, reason=WHY, at=now)


@pytest.mark.parametrize(
    ("kind", "changed", "field"),
    [
        (Purpose, {"code": "Not A Code"}, "code"),
        (Purpose, {"code": "newsletter"}, "__all__"),
        (Purpose, {"name_ur": ""}, "name_ur"),
        (Purpose, {"name_ur": "کھیل 한"}, "name_ur"),  # the paper forms cannot print it
        (Purpose, {"categories": ["usage_logs", "usage_logs"]}, "categories"),
        (Instruction, {"purposes": ["no code"]}, "purposes"),
        (LawfulBasis, {"basis": "vital_interest"}, "basis"),
        (LawfulBasis, {"role": "root"}, "role"),
        (LawfulBasis, {"basis": "legal_obligation"}, "legal_reference"),
        (ServiceAgreement, {"reference": "MSA-indus"}, "__all__"),
    ],
)
def test_a_wrong_row_names_its_field(cast, indus, now, kind, changed, field):
    with pytest.raises(ValidationError) as caught:
        change(cast, new_row(kind, indus, now, **changed), now)
    assert field in caught.value.message_dict


def test_a_client_may_use_a_code_of_the_shared_catalogue(cast, indus, now):
    assert change(cast, new_row(Purpose, indus, now, code="support"), now).pk


def make_test(cast, client, now, **changed):
    return change(cast, new_row(BalancingTest, client, now, **changed), now)


def sign(cast, row, at, actor="amina"):
    return sign_balancing_test(row, actor=cast.actor(actor), reason=WHY, at=at)


def test_a_balancing_test_is_signed_by_an_officer_once(cast, indus, now):
    row = sign(cast, make_test(cast, indus, now), now)
    assert (row.signed_at, row.signed_by_id) == (now, cast.user_id("amina"))
    assert row.history.order_by("-history_id").first().actor_id == cast.user_id("amina")
    assert Entry.objects.filter(kind="balancing.signed", actor_id=cast.user_id("amina")).count() == 1
    with pytest.raises(Refused):
        sign(cast, row, now)


@pytest.mark.parametrize("actor", ["bilal", "sana", "farah", "celia"])
def test_others_do_not_sign(cast, indus, now, actor):
    row = make_test(cast, indus, now)
    with pytest.raises(NotAllowed):
        sign(cast, row, now, actor)


def test_editing_the_signing_time_of_a_balancing_test_is_refused(cast, indus, now):
    with pytest.raises(ValidationError, match="signed"):
        make_test(cast, indus, now, signed_at=now)
    row = make_test(cast, indus, now)
    row.signed_at = now
    with pytest.raises(ValidationError, match="signed"):
        change(cast, row, now, "farah")


@pytest.mark.parametrize("field", ["interest", "necessity", "balance", "safeguards", "signed_at"])
def test_what_was_signed_does_not_change(cast, indus, now, field):
    row = sign(cast, make_test(cast, indus, now), now)
    setattr(row, field, None if field == "signed_at" else "something else")
    with pytest.raises(ValidationError):
        change(cast, row, now + DAY)


def test_a_basis_rests_on_its_own_purposes_test(cast, indus, now):
    sports = change(cast, new_row(Purpose, indus, now), now)
    own = make_test(cast, indus, now, purpose=sports)
    other = make_test(cast, indus, now, purpose=Purpose.objects.get(code="product_research"))
    shared = BalancingTest.objects.filter(client_id=PAKTALEEM).first()
    interest = {"purpose": sports, "basis": "legitimate_interest"}
    for test in (other, shared):
        with refuses("balancing_test"):
            change(cast, new_row(LawfulBasis, indus, now, balancing_test=test, **interest), now)
    row = new_row(LawfulBasis, indus, now, balancing_test=own, **interest)
    assert accept_by_two(row, requester=cast.actor("farah"), at=now).balancing_test_id == own.pk


def test_a_link_into_another_client_is_refused(cast, now):
    foreign = cast.get(ServiceAgreement, "khyber")
    with in_client(cast.client_id("indus")), refuses("agreement"):
        change(cast, new_row(Instruction, cast.client("indus"), now, agreement=foreign), now)


def test_a_category_that_purposes_use_keeps_its_name(cast, indus, now):
    category = change(cast, new_row(DataCategory, indus, now), now, actor="farah")
    category.name_en = "Shoe sizes"
    change(cast, category, now, actor="farah")
    newsletter = Purpose.objects.get(code="newsletter", client_id=indus.pk)
    widen_purpose(newsletter, categories=[category.code], actor=cast.actor("farah"), reason=WHY, at=now)
    category.name_en, category.name_ur = "Health records", "صحت کا ریکارڈ"
    with pytest.raises(ValidationError) as refused:
        change(cast, category, now, actor="farah")
    assert set(refused.value.message_dict) == {"name_en", "name_ur"}

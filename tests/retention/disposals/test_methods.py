"""Anonymisation by named methods, the certificate's PDF, and what the API shows."""

import hashlib
import hmac
import io
import re

import pytest
from pypdf import PdfReader

from paktaleem.directory.data_systems.models import Order
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.tenancy.context import in_client
from retention.disposals.models import Batch, Certificate
from retention.disposals.pseudonyms import list_parameters
from retention.disposals.services.certificates import render_certificate
from retention.holdings.models import Holding
from tests.retention.disposals.steps import answer, certify, hold_data, ordered, rule_for, sweep
from tests.retention.schedule.making import DAY


def anonymised(cast, indus, now, method, names=("hamza",)):
    rule_for(indus, at=now, action="anonymise", method=method)
    for name in names:
        hold_data(cast, name, at=now)
    return ordered(cast, now)


def test_a_pseudonym_is_the_same_in_every_order_of_the_batch_and_its_key_is_destroyed(cast, indus, now):
    batch = anonymised(cast, indus, now, "keyed_pseudonym", ("hamza", "junaid"))
    orders = {one.subject.external_id: one for one in Order.objects.select_related("subject")}
    found = {name: list_parameters(order)["pseudonym"] for name, order in orders.items()}
    assert len(set(found.values())) == 2
    assert found == {name: list_parameters(order)["pseudonym"] for name, order in orders.items()}
    assert found["lms-hamza"] != hmac.digest(b"", b"lms-hamza", "sha256").hex()
    for order in orders.values():
        assert (order.kind, order.method) == ("anonymise", "keyed_pseudonym")
        answer(cast, order, at=now + 2 * DAY)
    body = read_body(certify(batch, now + 2 * DAY))
    assert body["pseudonym_key_destroyed_at"] == (now + 2 * DAY).isoformat()
    batch.refresh_from_db()
    assert batch.pseudonym_key is None
    for order in Order.objects.all():
        assert list_parameters(order) == {}
    assert not Holding.objects.filter(ended_at=None).exists()


def test_an_order_to_generalise_has_the_smallest_group(cast, indus, now):
    anonymised(cast, indus, now, "generalise")
    assert list_parameters(Order.objects.get()) == {"smallest_group": 10}


def test_an_automatic_rule_needs_no_review_unless_it_is_large(cast, indus, now, settings):
    rule_for(indus, at=now, is_automatic=True)
    hold_data(cast, "hamza", at=now)
    sweep(indus.pk, now)
    batch = Batch.objects.get()
    assert (batch.stage, batch.approved_kind, batch.is_automatic) == ("scheduled", "system", True)
    settings.DISPOSAL_ALONE_MOST = 0
    hold_data(cast, "junaid", at=now)
    sweep(indus.pk, now + DAY)
    assert Batch.objects.exclude(pk=batch.pk).get().stage == "review"


@pytest.fixture
def certified(cast, indus, now):
    rule_for(indus, at=now)
    hold_data(cast, "hamza", at=now)
    batch = ordered(cast, now)
    answer(cast, Order.objects.get(), at=now + 2 * DAY)
    certify(batch, now + 2 * DAY)
    batch.refresh_from_db()
    return batch


def test_the_certificate_is_a_pdf_in_both_languages_without_names(certified):
    certificate = Certificate.objects.get()
    pdf = PdfReader(io.BytesIO(render_certificate(read_body(certificate), sha256=certificate.sha256)))
    text = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    assert certified.number in text
    assert "Name and contact details" in text
    assert "Lms" in text
    assert not re.search(r"\b(lms|contact_details|P\d+[DMY])\b", text), "names, no codes"
    assert "Certificate of disposal" in text
    assert "it remained for 1 of these people, and was gone for 0" in text
    assert "erased 365 days after the person left" in text
    assert certificate.sha256[:32] in text.replace(" ", "")
    for word in ("hamza", "lodhi", "farah"):
        assert word not in text.lower()


def test_a_certificate_of_the_first_version_can_still_be_printed(certified):
    certificate = Certificate.objects.get()
    body = {key: value for key, value in read_body(certificate).items() if key != "portal_records"}
    [*_, text] = [
        page.extract_text()
        for page in PdfReader(io.BytesIO(render_certificate({**body, "version": 1}, sha256=certificate.sha256))).pages
    ]
    assert "The portal’s own record" not in text


def test_a_platform_gets_the_pseudonym_with_the_accepted_order(client, cast, now):
    with in_client(cast.client_id("indus")):
        anonymised(cast, cast.client("indus"), now, "keyed_pseudonym")
        order, batch = Order.objects.get(), Batch.objects.get()
    headers = {"authorization": f"Bearer {cast.key('indus')}"}
    found = client.post(f"/api/v1/orders/{order.pk}/accept", headers=headers).json()
    assert (found["method"], found["case"]) == ("keyed_pseudonym", {"kind": "disposal", "id": str(batch.pk)})
    assert len(found["parameters"]["pseudonym"]) == 64
    shown = client.get(f"/api/v1/disposals/{batch.pk}", headers=headers).json()
    assert (shown["stage"], shown["counts"]) == ("verifying", [{"state": "ordered", "holdings": 1}])
    assert client.get(f"/api/v1/disposals/{batch.pk}/certificate", headers=headers).status_code == 404
    stranger = {"authorization": f"Bearer {cast.key('khyber')}"}
    assert client.get(f"/api/v1/disposals/{batch.pk}", headers=stranger).status_code == 404


def test_the_certificate_over_the_api_is_the_text_whose_hash_is_in_the_ledger(client, cast, now):
    with in_client(cast.client_id("indus")):
        rule_for(cast.client("indus"), at=now)
        hold_data(cast, "hamza", at=now)
        batch = ordered(cast, now)
        answer(cast, Order.objects.get(), at=now + 2 * DAY)
        certify(batch, now + 2 * DAY)
    headers = {"authorization": f"Bearer {cast.key('indus')}"}
    found = client.get(f"/api/v1/disposals/{batch.pk}/certificate", headers=headers).json()
    assert hashlib.sha256(found["body"].encode()).hexdigest() == found["sha256"]
    assert [one["count"] for one in found["counts"]] == [1]

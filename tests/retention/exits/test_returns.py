"""The return of a client's data: its parts, who has it, who declined it, who is informed."""

import html
import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from consent.agreements.services import add_contact
from paktaleem.directory.data_systems.selectors import list_parts
from paktaleem.directory.data_systems.services.fulfilment import approve_waiver, complete_order, propose_waiver
from paktaleem.directory.data_systems.states import Answer, Exemption, Outcome, Section
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.second_person import ApproverIsRequester
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import CannotOpen
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.exits.admin import render_certificate
from paktaleem.office.exits.models import ExitCertificate, ExitPart
from paktaleem.office.exits.services.ending import continue_deletion, delete_data
from paktaleem.office.exits.services.exporting import (
    collect_chunk,
    confirm_return,
    decline_return,
    export_chunk,
    list_copy_orders,
    open_part,
)
from retention.disposals.models import Batch
from tests.consent.making import refuses
from tests.console.pages import row_url
from tests.retention.disposals.steps import WORKER, answer
from tests.retention.exits.steps import (
    DAY,
    WHY,
    approved,
    carried_out,
    collected,
    erased,
    exported,
    fetched,
    ready_to_export,
)


def test_the_export_has_every_person_once_also_in_chunks(cast, indus, now):
    people = Subject.objects.filter(client_id=indus.pk, erased_at=None).count()
    row = ready_to_export(cast, now)
    assert not Batch.objects.exists()
    exported(row, now)
    row.refresh_from_db()
    assert (row.stage, row.exported, row.people) == ("returning", people, people)
    amina, names = cast.actor("amina"), []
    for content in fetched(row, amina, now):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [name for name in archive.namelist() if name.endswith("data.json")]
            names += [json.loads(archive.read(name))["external_id"] for name in files]
    assert len(names) == len(set(names)) == people
    assert "lms-hamza" in names
    assert Entry.objects.filter(kind="exit.part_opened").count() == ExitPart.objects.count()


def test_the_systems_give_their_data_before_the_export_is_written(cast, indus, now):
    people = Subject.objects.filter(client_id=indus.pk, erased_at=None).count()
    row = approved(cast, now, "return")
    exported(row, now)
    row.refresh_from_db()
    assert (row.stage, ExitPart.objects.count()) == ("collecting", 0)
    collected(cast, row, now, size=2)
    codes = list(list_copy_orders(row).values_list("system__code", flat=True))
    assert (len(codes), codes.count("lms"), codes.count("billing")) == (2 * people, people, people)
    exported(row, now, size=100)
    [content] = fetched(row, cast.actor("amina"), now)
    folder = f"people/{cast.subject_id('hamza')}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = [name for name in archive.namelist() if name.startswith(f"{folder}/systems/lms/content-")]
        assert json.loads(archive.read(name)) == {"essay": "My town"}
        data = json.loads(archive.read(f"{folder}/data.json"))
    answers = {one["system"]: one["answer"] for one in data["systems"]}
    assert answers == {"lms": "confirmed", "billing": "not_found"}


def test_the_export_waits_while_a_system_that_reported_data_says_it_has_none(cast, another, report, now):
    report("hamza", count=41)
    row = approved(cast, now, "return")
    while collect_chunk(row, actor=WORKER, at=now):
        pass
    order = list_copy_orders(row).get(subject=cast.subject("hamza"), system__code="lms")
    for outcome, reason in ((Outcome.NOT_FOUND, ""), (Outcome.NOT_APPLICABLE, Exemption.HOLDS_NONE)):
        disputed = answer(cast, order, Answer(outcome, reason), at=now)
        assert (disputed.state, (disputed.result or {})["reported"]) == ("disputed", {"usage_logs": 41})
    propose_waiver(order, ground="Shut down.", actor=cast.actor("amina"), reason="review", at=now)
    assert approve_waiver(order, actor=another, at=now).state == "not_applicable"


def test_a_system_that_said_it_has_none_may_still_give_its_data(cast, report, indus, now):
    report("hamza", count=41)
    row = approved(cast, now, "return")
    while collect_chunk(row, actor=WORKER, at=now):
        pass
    order = list_copy_orders(row).get(subject=cast.subject("hamza"), system__code="lms")
    answer(cast, order, Answer(Outcome.NOT_FOUND), at=now)
    given = Answer(Outcome.DONE, sections=(Section("usage_logs", {"logins": 41}),))
    assert complete_order(order, given, actor=cast.key_actor("indus"), at=now).state == "confirmed"
    assert [part.category for part in list_parts(order)] == ["usage_logs"]


def test_the_export_waits_for_the_last_system(cast, indus, now):
    row = approved(cast, now, "return")
    while collect_chunk(row, actor=WORKER, at=now):
        pass
    first, *others = list_copy_orders(row).open()
    for order in others:
        answer(cast, order, Answer(Outcome.NOT_FOUND), at=now)
    assert not collect_chunk(row, actor=WORKER, at=now)
    assert not export_chunk(row, actor=WORKER, at=now)
    answer(cast, first, Answer(Outcome.NOT_FOUND), at=now)
    collect_chunk(row, actor=WORKER, at=now)
    assert export_chunk(row, actor=WORKER, at=now)


def test_the_export_of_a_person_has_their_name_and_consents(cast, indus, now):
    row = ready_to_export(cast, now)
    exported(row, now, size=100)
    [content] = fetched(row, cast.actor("amina"), now)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = json.loads(archive.read(f"people/{cast.subject_id('hamza')}/data.json"))
    assert "Hamza" in json.dumps(data["sections"], ensure_ascii=False)
    assert {"consents", "holdings"} & set(data["sections"])


def test_the_deletion_waits_until_the_client_has_every_part(cast, indus, now):
    amina = cast.actor("amina")
    row = ready_to_export(cast, now)
    with pytest.raises(Refused, match="The exit has moved on in the meantime"):
        confirm_return(row, actor=amina, at=now, **WHY)
    exported(row, now)
    first, *_others = ExitPart.objects.filter(exit=row)
    open_part(first, actor=amina, at=now, **WHY)
    with pytest.raises(Refused, match="First download every part of the export and"):
        confirm_return(row, actor=amina, at=now, **WHY)
    fetched(row, amina, now)
    with pytest.raises(Refused, match="First the client confirms that it has its"):
        delete_data(row, actor=amina, at=now + 31 * DAY, **WHY)
    confirm_return(row, actor=amina, at=now, **WHY)
    with pytest.raises(Refused, match="The client has its data already, or has"):
        confirm_return(row, actor=amina, at=now, **WHY)
    assert delete_data(row, actor=amina, at=now, **WHY).stage == "deleting"


def test_a_part_counts_as_downloaded_once_its_last_byte_is_sent(cast, indus, now):
    by: Any = {"actor": cast.actor("amina"), "at": now, **WHY}
    row = ready_to_export(cast, now)
    exported(row, now, size=100)
    [part] = ExitPart.objects.filter(exit=row)
    broken = open_part(part, **by)
    assert [next(broken) for _ in range(part.file.chunks)]
    broken.close()  # the connection broke while the last bytes were sent
    with pytest.raises(Refused, match="First download every part of the export and"):
        confirm_return(row, **by)
    assert b"".join(open_part(part, **by))
    assert confirm_return(row, **by).returned_at == now
    assert Entry.objects.filter(kind="exit.part_opened").count() == 2


def test_data_that_the_client_declined_in_writing_is_deleted_by_another_officer(cast, another, indus, now):
    amina: Any = {"actor": cast.actor("amina"), "at": now, **WHY}
    row = ready_to_export(cast, now)
    with pytest.raises(Refused, match="The exit has moved on in the meantime"):
        decline_return(row, document="Letter of 1 October.", **amina)
    exported(row, now)
    with refuses("document"):
        decline_return(row, document="  ", **amina)
    declined = decline_return(row, document="Letter of 1 October.", **amina)
    assert (declined.refusal, declined.return_declined_at) == ("Letter of 1 October.", now)
    with pytest.raises(Refused, match="The client has its data already, or has"):
        decline_return(row, document="Another letter.", **amina)
    with pytest.raises(ApproverIsRequester):
        delete_data(row, **amina)
    assert delete_data(row, actor=another, at=now, **WHY).stage == "deleting"
    [entry] = Entry.objects.filter(kind="exit.return_declined")
    assert "Letter" not in entry.body


def test_the_database_refuses_a_deletion_before_the_return(cast, indus, now):
    row = ready_to_export(cast, now)
    row.stage = "deleting"
    with pytest.raises(IntegrityError, match="returned_or_declined_first"), transaction.atomic():
        row.save()
    row.stage, row.return_declined_at, row.return_declined_by = "returning", now, cast.user_id("amina")
    with pytest.raises(IntegrityError, match="declined_in_writing"), transaction.atomic():
        row.save()


def test_the_privacy_contacts_learn_that_the_export_is_ready(cast, indus, now):
    farah: Any = {"actor": cast.actor("farah"), "at": now, "reason": Reason.ONBOARDING}
    people = {}
    for kind, name in (("privacy", "Rabia Anwar"), ("dpo", "Saad Mir"), ("notices", "Tahir Aziz")):
        people[kind] = add_contact(indus, kind=kind, full_name=name, email=f"{kind}@indus.example", **farah).subject_id
    row = ready_to_export(cast, now)
    exported(row, now)
    letters = Letter.objects.filter(kind="exit_export_ready", related_id=row.pk)
    assert {one.subject_id for one in letters} == {people["privacy"], people["dpo"]}


def test_without_a_privacy_contact_the_contacts_for_notices_learn_it(cast, indus, now):
    person: Any = {"full_name": "Tahir Aziz", "email": "tahir@indus.example"}
    farah: Any = {"actor": cast.actor("farah"), "at": now, "reason": Reason.ONBOARDING}
    contact = add_contact(indus, kind="notices", **person, **farah)
    row = ready_to_export(cast, now)
    exported(row, now)
    assert [one.subject_id for one in Letter.objects.filter(kind="exit_export_ready")] == [contact.subject_id]


def test_a_part_holds_as_many_people_as_fit_in_a_file(cast, indus, now, settings):
    row = ready_to_export(cast, now)
    exported_at_once = Subject.objects.filter(client_id=indus.pk).count()
    before = transaction.savepoint_create()
    exported(row, now, size=exported_at_once)
    settings.FILE_MOST_BYTES = ExitPart.objects.get().file.size - 1
    transaction.savepoint_rollback(before)
    exported(row, now, size=exported_at_once)
    parts = list(ExitPart.objects.filter(exit=row))
    assert len(parts) > 1
    assert sum(part.people for part in parts) == exported_at_once


def test_a_person_whose_data_exceeds_a_file_is_exported_alone(cast, indus, now, settings):
    row = ready_to_export(cast, now)
    settings.FILE_MOST_BYTES = 100
    exported(row, now, size=4)
    row.refresh_from_db()
    assert (row.stage, row.exported) == ("returning", row.people)
    assert {part.people for part in ExitPart.objects.filter(exit=row)} == {1}


def test_the_export_cannot_be_read_after_the_certificate(cast, indus, now):
    row = ready_to_export(cast, now)
    exported(row, now)
    amina = cast.actor("amina")
    fetched(row, amina, now)
    confirm_return(row, actor=amina, at=now, **WHY)
    delete_data(row, actor=amina, at=now, **WHY)
    part = ExitPart.objects.first()
    assert part is not None
    with pytest.raises((Refused, CannotOpen)):
        open_part(part, actor=amina, at=now, **WHY)


def test_the_certificate_names_the_systems_that_gave_no_data(cast, indus, now):
    by: Any = {"actor": cast.actor("amina"), "at": now, **WHY}
    row = ready_to_export(cast, now)
    exported(row, now, size=100)
    fetched(row, cast.actor("amina"), now)
    confirm_return(row, **by)
    delete_data(row, **by)
    carried_out(cast, now)
    continue_deletion(row, actor=WORKER, at=now)
    erased(row, now, size=100)
    content = read_body(ExitCertificate.objects.get(exit=row))
    given = {one["system"]: (one["given"], one["not_given"], one["answers"]) for one in content["given"]}
    assert given == {
        "billing": (0, row.people, {"not_found": row.people}),
        "lms": (row.people, 0, {"confirmed": row.people}),
    }
    assert render_certificate(content, sha256="0" * 64).startswith(b"%PDF-")


def test_the_page_of_an_exit_leads_to_the_orders_by_which_systems_give_their_data(cast, now, sign_in):
    with in_client(cast.client_id("indus")):
        row = approved(cast, now, "return")
        collect_chunk(row, actor=WORKER, at=now)
        orders = set(list_copy_orders(row).values_list("pk", flat=True))
    browser = sign_in("amina")
    page = browser.get(row_url("exits/agreementexit", row.pk)).text
    [url] = re.findall(r'href="([^"]+)">Answers of systems', page)
    listed = browser.get(html.unescape(url)).context["cl"]
    assert len(orders) == listed.result_count > 1
    assert {order.pk for order in listed.result_list} <= orders

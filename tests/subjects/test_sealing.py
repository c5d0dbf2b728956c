"""Sealed values: opaque, bound to their place, unreadable without the person's key; and what is left on disk.

Only ciphertext reaches the database, so its files hold no personal data before or after an erasure. The LMS id is the
only plain identifier: finding it proves that the search works, and it must not be in any log or dump.
"""

import base64
import copy
import json
import os
import pickle
import sys
import time
import uuid

import pytest
from cryptography.exceptions import InvalidTag
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import given, strategies as st

from paktaleem.directory.access_links.services import PAGE_CODE
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.encryption.keyring import LocalKeyring, new_keyring_text
from paktaleem.foundation.encryption.sealing import (
    DOTS,
    CannotOpen,
    Sealed,
    Sealer,
    blind_index,
    normalize_lookup_text,
    wrap_new_key,
)
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.supervision import running
from tests.database import worker_folder
from tests.demo.running import PATIENCE, free_port
from tests.serving import call, served
from tests.subjects.test_erasure_list import plain_dump
from tests.tenancy.connections import enter
from tests.traces import files_with, forms

CLIENT, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
PERSON, SOMEONE = uuid.UUID(int=3), uuid.UUID(int=4)
COLUMN = "people_subject.full_name"


def make_sealer(client=CLIENT, person=PERSON, key=b"k" * 32):
    return Sealer(client, person, key)


@given(st.text())
def test_a_value_is_decrypted_in_its_place(text):
    text = text.encode("utf-8", "ignore").decode()
    sealed = make_sealer().seal(text, column=COLUMN)
    assert make_sealer().open(sealed, column=COLUMN) == text
    assert len(sealed.ciphertext) == 1 + 12 + len(text.encode()) + 16


@pytest.mark.parametrize(
    ("sealer", "column"),
    [
        (make_sealer(client=OTHER), COLUMN),
        (make_sealer(person=SOMEONE), COLUMN),
        (make_sealer(), "people_subject.email"),
        (make_sealer(), "subjects_other.full_name"),
        (make_sealer(), ""),
        (make_sealer(client=PERSON, person=CLIENT), COLUMN),
        (make_sealer(key=b"x" * 32), COLUMN),
    ],
)
def test_a_value_moved_elsewhere_cannot_be_decrypted(sealer, column):
    sealed = make_sealer().seal("Danish", column=COLUMN)
    with pytest.raises(CannotOpen):
        sealer.open(sealed, column=column)


@given(st.data())
def test_a_value_with_any_bit_changed_cannot_be_decrypted(data):
    sealed = bytearray(make_sealer().seal("Danish", column=COLUMN).ciphertext)
    place = data.draw(st.integers(1, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(CannotOpen):
        make_sealer().open(Sealed(bytes(sealed)), column=COLUMN)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01" + b"n" * 12, b"plain text", b"\x01" * 28])
def test_other_bytes_cannot_be_decrypted(blob):
    with pytest.raises((CannotOpen, ValueError)):
        make_sealer().open(Sealed(blob), column=COLUMN)


def test_an_encrypted_value_prints_as_dots(cast):
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        shown = [str(danish.full_name), repr(danish.full_name), f"{danish.full_name}", f"{danish.full_name!r:>3}"]
        written = json.loads(serializers.serialize("json", [danish]))[0]["fields"]
    assert (set(shown), written["full_name"]) == ({DOTS}, DOTS)
    assert written["email"] in {"", None}


def test_an_encrypted_value_is_immutable():
    sealed = Sealed(b"x")
    with pytest.raises(AttributeError):
        setattr(sealed, "ciphertext", b"y")  # noqa: B010 -- the checker knows it is frozen, we ask the running code
    assert copy.deepcopy(sealed) == sealed == pickle.loads(pickle.dumps(sealed))  # noqa: S301 -- our own bytes
    assert sealed != Sealed(b"y")
    plain: object = b"x"
    assert sealed != plain


@pytest.mark.parametrize("plain", ["Danish", b"Danish", 3, DOTS])
@pytest.mark.parametrize(
    "field", ["full_name", "email", "phone", "birth_date", "attested_age", "declared_age", "age_check"]
)
def test_plaintext_is_never_stored(cast, field, plain):
    with in_client(cast.client_id("indus")):
        danish = cast.subject("danish")
        setattr(danish, field, plain)
        with pytest.raises(TypeError, match="plaintext is never stored"), transaction.atomic():
            danish.save()
        with pytest.raises(TypeError, match="plaintext is never stored"):
            Subject.objects.filter(**{field: plain}).exists()
        with pytest.raises(ValidationError):
            danish.clean_fields()


def test_a_persons_key_is_wrapped_for_that_person_only(cast):
    with in_client(cast.client_id("indus")):
        key = SubjectKey.objects.get(subject_id=cast.subject_id("danish"))
        wrapped, epoch = bytes(key.wrapped), key.epoch
        assert sealer_of(cast.subject("danish"))
    for client, person, later in (("indus", "hamza", 0), ("khyber", "danish", 0), ("indus", "danish", 1)):
        with pytest.raises(CannotOpen):
            Sealer.unwrapped(cast.client_id(client), cast.subject_id(person), wrapped=wrapped, epoch=epoch + later)


def test_every_person_has_a_key_of_their_own_and_equal_texts_have_different_ciphertexts():
    assert len({make_sealer().seal("Danish", column=COLUMN) for _ in range(100)}) == 100
    (one, _, first), (other, _, second) = wrap_new_key(CLIENT, PERSON), wrap_new_key(CLIENT, PERSON)
    assert first != second
    with pytest.raises(CannotOpen):
        other.open(one.seal("x", column=COLUMN), column=COLUMN)


def test_blind_indexes_are_equal_only_within_a_client_and_kind():
    index = blind_index(CLIENT, "email", "Esra@Mail.example")
    assert index == blind_index(CLIENT, "email", " esra@mail.EXAMPLE ")
    assert index is not None
    assert len(index) == 32
    assert index != blind_index(OTHER, "email", "esra@mail.example")
    assert index != blind_index(CLIENT, "name", "esra@mail.example")
    assert index != blind_index(CLIENT, "email", "esra@mail.exampl")
    assert [blind_index(CLIENT, "email", nothing) for nothing in ("", " ", "\n\t")] == [None] * 3


@given(st.text())
def test_normalizing_twice_changes_nothing(text):
    once = normalize_lookup_text(text)
    assert normalize_lookup_text(normalize_lookup_text(once)) == normalize_lookup_text(once)


def test_a_keyring_with_a_new_epoch_still_unwraps_keys_of_the_old_one():
    text = json.loads(new_keyring_text())
    old = LocalKeyring(json.dumps(text))
    epoch, wrapped = old.wrap(b"k" * 32, binding=b"b")
    text["epochs"]["2"] = json.loads(new_keyring_text())["epochs"]["1"]
    text["current"] = 2
    new = LocalKeyring(json.dumps(text))
    assert new.unwrap(wrapped, epoch=epoch, binding=b"b") == b"k" * 32
    assert new.wrap(b"k" * 32, binding=b"b")[0] == 2
    del text["epochs"]["1"]
    with pytest.raises(KeyError):
        LocalKeyring(json.dumps(text)).unwrap(wrapped, epoch=epoch, binding=b"b")
    with pytest.raises(InvalidTag):
        new.unwrap(wrapped, epoch=2, binding=b"b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"current": 1, "epochs": {}, "index": ""}',
        '{"current": 2, "epochs": {"1": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAxMjM="}, "index": "x"}',
        '{"current": 1, "epochs": {"1": "c2hvcnQ="}, "index": "c2hvcnQ="}',
    ],
)
def test_a_broken_keyring_is_reported_without_its_content(text):
    with pytest.raises(ImproperlyConfigured, match="keyring is not valid") as caught:
        LocalKeyring(text)
    assert not text or text not in str(caught.value)


CANARY, CONTROL = "disk-canary-4711", "xq-ctl9"
PERSONAL = {
    "full_name": "Zenobia Xylographer",
    "email": "zenobia.xylographer@canary.example",
    "phone": "+921110099887",
    "birth_date": "2015-08-29",
}
REFUSED = {"full_name": "Zenobia Quicksilver\x07", "email": "zenobia quicksilver", "phone": "call zenobia"}
ADDRESS = f"/api/v1/subjects/{CANARY}"
CODE = "90117734"
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "5"]


@pytest.fixture
def server(committed, tmp_path):
    with served(tmp_path / "web", LOG_LEVEL="DEBUG", EMAIL_URL=f"smtp://127.0.0.1:{free_port()}") as port:
        headers = {"Authorization": f"Bearer {committed.key('indus')}"}
        yield lambda method, path, body=None, **more: call(port, method, path, body, **headers, **more)[0]


def live(server):
    question = {
        "subject": {"type": "end_user", "id": CANARY},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "newsletter"},
    }
    answers = [{"purpose": "newsletter", "state": "refused"}]
    return [
        server("PUT", ADDRESS, {"role": "student", **PERSONAL}),
        server("PUT", ADDRESS, {"role": "student", **REFUSED}),
        server("PUT", ADDRESS, {"role": "student", **PERSONAL, "shoe": PERSONAL["full_name"]}),
        server("POST", "/api/v1/consents", {"subject": CANARY, "answers": answers}, Idempotency_Key=CANARY),
        server("POST", "/access/v1/evaluation", question),
        server("POST", "/access/v1/evaluation", {**question, "context": {"time": PERSONAL["full_name"]}}),
        server("GET", f"{ADDRESS}?include=personal&reason=support_case"),
        server("GET", f"{ADDRESS}/nowhere"),
        server("DELETE", ADDRESS),
    ]


def write_to(person, cast):
    with in_client(person.client_id):
        context = {"code": CODE, "minutes": "10"}
        told = {"client_id": person.client_id, "actor": cast.actor("amina"), "at": timezone.now()}
        letter = send_message(PAGE_CODE.code, to=person, context=context, **told)
    ends_at = time.monotonic() + PATIENCE
    while letter.attempts == 0:
        assert time.monotonic() < ends_at, "the worker did not come so far"
        time.sleep(0.1)
        with in_client(person.client_id):
            letter = Letter.objects.get(pk=letter.pk)
    return letter.last_error


def test_nothing_personal_is_left_on_disk(committed, server, tmp_path):
    began = time.time() - 1  # a file's time can be some milliseconds behind
    assert live(server) == [201, 400, 400, 201, 200, 400, 200, 404, 405]
    person = committed.get(Subject, external_id=CANARY)
    with running([("worker", WORKER)], tmp_path / "worker"):
        assert write_to(person, committed) == "unreachable"
    with in_client(committed.client_id("indus")):
        erase_subject(person, actor=committed.actor("amina"), reason="subject_request", at=timezone.now())
    assert [server("PUT", ADDRESS, {"role": "student", **PERSONAL}), server("GET", ADDRESS)] == [409, 410]
    with enter(SUPERUSER) as door:
        door.execute("UPDATE people_subject SET language = %s WHERE external_id = 'lms-danish'", [CONTROL])
        door.execute("CHECKPOINT")
    dump, web = tmp_path / "dump", tmp_path / "web" / "web.log"
    dump.write_bytes(plain_dump())

    values = [*PERSONAL.values(), *REFUSED.values(), CODE, CANARY, CONTROL]
    found = files_with(values, [worker_folder(), tmp_path], since=began)
    assert {value: files for value, files in found.items() if files and value not in {CANARY, CONTROL}} == {}
    assert is_in_database(found[CONTROL]), "what is stored in clear is found in the files"
    assert dump in found[CONTROL]
    assert is_in_database(found[CANARY]), "the LMS id, until the space it stood in is used again"
    assert not [file for file in found[CANARY] if not is_in_database([file])], "in no log, no dump, no list"
    assert "/api/v1/subjects/<str:external_id>" in web.read_text(), "the log does speak of these requests"
    assert "mail.deliver" in (tmp_path / "worker" / "worker.log").read_text(), "and the worker's of the letter"


def is_in_database(files):
    return any({"base", "pg_wal"} & set(file.parts) for file in files)


@pytest.mark.parametrize("hide", [str.encode, lambda text: text.encode().hex().encode(),
                                  lambda text: base64.b64encode(b"a" + text.encode() + b"bc"),
                                  lambda text: base64.b64encode(b"ab" + text.upper().encode() + b"c")])  # fmt: skip
def test_the_search_finds_a_value_in_every_encoding(tmp_path, hide):
    for name in ("file", "old"):
        (tmp_path / name).write_bytes(b"before" + hide("Zenobia Xylographer") + b"after")
    os.utime(tmp_path / "old", (0, 0))
    assert files_with(["Zenobia Xylographer", "Somebody Else"], [tmp_path], since=1) == {
        "Zenobia Xylographer": {tmp_path / "file"},
        "Somebody Else": set(),
    }
    assert min(map(len, forms("2015-08-29"))) >= 10

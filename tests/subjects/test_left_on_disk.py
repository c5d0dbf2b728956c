"""Traces of a person on disk: data files, write-ahead log, all process logs, erasure list and dump.

Only ciphertext reaches the database, so its files hold no personal data before or after an erasure. The LMS id is the
only plain identifier: finding it proves that the search works, and it must not be in any log or dump.
"""

import base64
import os
import sys
import time

import pytest
from django.utils import timezone

from paktaleem.directory.access_links.messages import PAGE_CODE
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.mail.services import send_message
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.embedded.layout import SUPERUSER
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.supervision import running
from tests.database import worker_folder
from tests.demo.running import PATIENCE, free_port
from tests.serving import call, environment_of_server, served
from tests.subjects.test_erasure_race import plain_dump
from tests.tenancy.connections import enter
from tests.traces import files_with, forms

PERSON, CONTROL = "disk-canary-4711", "xq-ctl9"
PERSONAL = {
    "full_name": "Zenobia Xylographer",
    "email": "zenobia.xylographer@canary.example",
    "phone": "+921110099887",
    "birth_date": "2015-08-29",
}
REFUSED = {"full_name": "Zenobia Quicksilver\x07", "email": "zenobia quicksilver", "phone": "call zenobia"}
ADDRESS = f"/api/v1/subjects/{PERSON}"
CODE = "90117734"
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "5"]


@pytest.fixture
def server(committed, monkeypatch, tmp_path):
    talkative = {"LOG_LEVEL": "DEBUG", "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}"}
    for name, value in {**environment_of_server(), **talkative}.items():
        monkeypatch.setenv(name, value)
    with served(tmp_path / "web") as port:
        headers = {"Authorization": f"Bearer {committed.key('indus')}"}
        yield lambda method, path, body=None, **more: call(port, method, path, body, **headers, **more)[0]


def live(server):
    """Perform all operations of a platform on a person, valid and invalid; return the statuses."""
    question = {
        "subject": {"type": "end_user", "id": PERSON},
        "action": {"name": "process"},
        "resource": {"type": "purpose", "id": "newsletter"},
    }
    answers = [{"purpose": "newsletter", "state": "refused"}]
    return [
        server("PUT", ADDRESS, {"role": "student", **PERSONAL}),
        server("PUT", ADDRESS, {"role": "student", **REFUSED}),
        server("PUT", ADDRESS, {"role": "student", **PERSONAL, "shoe": PERSONAL["full_name"]}),
        server("POST", "/api/v1/consents", {"subject": PERSON, "answers": answers}, Idempotency_Key=PERSON),
        server("POST", "/access/v1/evaluation", question),
        server("POST", "/access/v1/evaluation", {**question, "context": {"time": PERSONAL["full_name"]}}),
        server("GET", f"{ADDRESS}?include=personal&reason=support_case"),
        server("GET", f"{ADDRESS}/nowhere"),
        server("DELETE", ADDRESS),
    ]


def write_to(person, cast):
    """Let a worker try to send an email to a mail server that does not exist; return the email's state."""
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
    with in_client(committed.client_id("indus")):
        person = Subject.objects.get(external_id=PERSON)
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

    values = [*PERSONAL.values(), *REFUSED.values(), CODE, PERSON, CONTROL]
    found = files_with(values, [worker_folder(), tmp_path], since=began)
    assert {value: files for value, files in found.items() if files and value not in {PERSON, CONTROL}} == {}
    assert is_in_database(found[CONTROL]), "what is stored in clear is found in the files"
    assert dump in found[CONTROL]
    assert is_in_database(found[PERSON]), "the LMS id, until the space it stood in is used again"
    assert not [file for file in found[PERSON] if not is_in_database([file])], "in no log, no dump, no list"
    assert "/api/v1/subjects/<str:external_id>" in web.read_text(), "the log does speak of these requests"
    assert "mail.deliver" in (tmp_path / "worker" / "worker.log").read_text(), "and the worker's of the letter"


def is_in_database(files):
    """Return True if one of the files is a data file or part of the write-ahead log."""
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

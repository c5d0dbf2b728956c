"""Files about people: encrypted in chunks, detected by their first bytes, unreadable without the person's key."""

import io
import secrets

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from paktaleem.directory.files.models import FileChunk, FileKind, SealedFile, detect_file_kind
from paktaleem.directory.files.services import (
    CHUNK_BYTES,
    FileKindNotAccepted,
    FileTooLarge,
    iterate_file,
    store_case_file,
    store_file,
)
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.encryption.sealing import CannotOpen, KeyDestroyed, Sealer
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import new_id


@pytest.fixture
def hamza(cast):
    with in_client(cast.client_id("indus")):
        yield cast.subject("hamza")


def pdf(size):
    return b"%PDF-1.7\n" + secrets.token_bytes(size - 9)


@pytest.mark.parametrize("size", [9, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_a_file_comes_out_as_it_went_in(hamza, now, size):
    content = pdf(size)
    file = store_file(hamza, io.BytesIO(content), at=now)
    kept = SealedFile.objects.get(pk=file.pk)
    assert b"".join(iterate_file(kept)) == content
    assert (kept.kind, kept.size, kept.chunks) == ("pdf", size, -(-size // CHUNK_BYTES))


def test_nothing_of_it_is_kept_in_clear(hamza, now):
    content = b"%PDF-1.7 Signed by Lodhi senior " * 9
    store_file(hamza, io.BytesIO(content), at=now)
    [chunk] = FileChunk.objects.all()
    assert b"Lodhi" not in bytes(chunk.data)
    assert b"%PDF" not in bytes(chunk.data)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4", FileKind.PDF),
        (b"\xff\xd8\xff\xe0", FileKind.JPEG),
        (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
        (b"", None),
        (b"<html>", None),
        (b"MZ%PDF-", None),
        (b"GIF89a", None),
        (b"<svg onload=alert(1)>", None),
        (b"PK\x03\x04", None),
    ],
)
def test_the_kind_is_known_by_the_first_bytes(content, kind):
    assert detect_file_kind(content) == kind


def test_other_kinds_and_large_files_leave_nothing(hamza, now, settings):
    settings.FILE_MOST_BYTES = 1_000
    with pytest.raises(FileKindNotAccepted):
        store_file(hamza, io.BytesIO(b"<html>"), at=now)
    with pytest.raises(FileTooLarge):
        store_file(hamza, io.BytesIO(pdf(1_001)), at=now)
    assert not SealedFile.objects.exists()
    assert store_file(hamza, io.BytesIO(pdf(1_000)), at=now).size == 1_000


def unstored(hamza, now, content=None):
    """Return a file of three chunks and their data; its rows are rolled back, so that they can be stored otherwise."""
    with transaction.atomic():
        file = store_file(hamza, io.BytesIO(content or pdf(2 * CHUNK_BYTES + 5)), at=now)
        data = [bytes(chunk.data) for chunk in FileChunk.objects.filter(file=file).order_by("number")]
        transaction.set_rollback(True)
    return file, data


def stored_with(file, data):
    file.chunks = len(data)
    file.save(force_insert=True)
    for number, one in enumerate(data):
        FileChunk(client_id=file.client_id, file=file, number=number, data=one).save(force_insert=True)
    return file


def test_a_file_whose_chunks_are_put_back_opens(hamza, now):
    content = pdf(2 * CHUNK_BYTES + 5)
    file = stored_with(*unstored(hamza, now, content))
    assert b"".join(iterate_file(file)) == content


@pytest.mark.parametrize("harm", ["cut off", "moved", "of another file"])
def test_a_changed_file_does_not_open(hamza, now, harm):
    file, (first, second, last) = unstored(hamza, now)
    _, (theirs, _, _) = unstored(hamza, now)
    harmed = {"cut off": [first, second], "moved": [second, first, last], "of another file": [theirs, second, last]}
    forged = stored_with(file, harmed[harm])
    with pytest.raises(CannotOpen):
        list(iterate_file(forged))


def test_it_goes_with_the_persons_key(hamza, cast, now):
    file = store_file(hamza, io.BytesIO(pdf(99)), at=now)
    erase_subject(hamza, actor=cast.actor("amina"), reason="subject_request", at=now)
    with pytest.raises(KeyDestroyed):
        list(iterate_file(file))


def test_files_are_never_changed(hamza, now):
    store_file(hamza, io.BytesIO(pdf(99)), at=now)
    for statement in ("UPDATE files_filechunk SET data = ''", "DELETE FROM files_sealedfile"):
        with pytest.raises(ProgrammingError, match="denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_file_of_a_case_has_any_type_and_needs_the_key_of_the_case(cast, now):
    client_id, case = cast.client_id("indus"), new_id()
    sealer = Sealer(client_id, case, secrets.token_bytes(32))
    content = b"<html>anything</html>" * CHUNK_BYTES
    with in_client(client_id):
        file = store_case_file(io.BytesIO(content[:300_000]), client_id=client_id, case=case, sealer=sealer, at=now)
        kept = SealedFile.objects.get(pk=file.pk)
        assert (kept.subject_id, kept.package, kept.kind, kept.size) == (None, case, "other", 300_000)
        assert b"".join(iterate_file(kept, sealer=sealer)) == content[:300_000]
        with pytest.raises(CannotOpen):
            next(iterate_file(kept, sealer=Sealer(client_id, case, secrets.token_bytes(32))))
        with pytest.raises(ValueError, match="needs the sealer"):
            next(iterate_file(kept))


def test_the_database_refuses_a_file_of_neither_a_person_nor_a_case(cast, now):
    with in_client(cast.client_id("indus")):
        columns = {"kind": "other", "size": 1, "chunks": 1, "sealed_hash": "", "added_at": now}
        nobodys = SealedFile(client_id=cast.client_id("indus"), **columns)
        with pytest.raises(IntegrityError), transaction.atomic():
            nobodys.save(force_insert=True)

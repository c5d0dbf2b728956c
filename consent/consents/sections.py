"""Files of a copy of a person's data: the evidence of their answers."""

from collections.abc import Iterator

from consent.consents.models import ConsentEvidence
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import StoredFile


def list_evidence_files(reader: Reader) -> Iterator[StoredFile]:
    """List the files, such as signed forms, of the answers that the recipient of the copy gave.

    A form that another person signed shows their name and signature, and is left out (GDPR Art. 15(4)).
    """
    own = ConsentEvidence.objects.filter(
        client_id=reader.subject.client_id, subject=reader.subject, event__guardian=reader.guardian_id
    )
    for row in own.exclude(file=None).select_related("file__subject", "event__purpose").order_by("pk"):
        yield StoredFile(ConsentEvidence.copied.code, row.event.purpose.code, row.file)

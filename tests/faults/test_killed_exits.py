"""A process killed (SIGKILL) while it exports and erases at the end of an agreement: the next one completes it."""

import io
import zipfile
from datetime import timedelta
from random import Random

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.exits.models import ExitCertificate, ExitPart
from paktaleem.office.exits.services.ending import continue_deletion, delete_data
from paktaleem.office.exits.services.exporting import confirm_return
from tests.factories import CAST_AT, SubjectFactory
from tests.faults.killing import run_killed
from tests.faults.size import sized
from tests.retention.disposals.steps import WORKER
from tests.retention.exits.steps import WHY, carried_out, fetched, ready_to_export

AT = CAST_AT + timedelta(days=100)
PEOPLE, CHUNK, KILLS = sized(30, 3_000), sized(2, 20), sized(2, 20)


def test_a_killed_exit_exports_and_erases_everyone_once(committed):
    client_id, amina, chance = committed.client_id("indus"), committed.actor("amina"), Random(18)  # noqa: S311 -- times
    with in_client(client_id):
        for number in range(PEOPLE):
            SubjectFactory(client=committed.client("indus"), external_id=f"many-{number}")
        row = ready_to_export(committed, AT)
    assert run_killed(client_id, "export", row.pk, size=CHUNK, kills=KILLS, at=AT, chance=chance) == KILLS
    with in_client(client_id):
        row.refresh_from_db()
        assert (row.stage, row.exported) == ("returning", row.people)
        names: list[str] = []
        for content in fetched(row, amina, AT):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names += [name.split("/")[1] for name in archive.namelist() if name.endswith("/data.json")]
        assert sorted(names) == sorted(str(key) for key in Subject.objects.values_list("pk", flat=True))
        assert sum(part.people for part in ExitPart.objects.all()) == row.people
        confirm_return(row, actor=amina, at=AT, **WHY)
        delete_data(row, actor=amina, at=AT, **WHY)
        carried_out(committed, AT)
        assert continue_deletion(row, actor=WORKER, at=AT)
    assert run_killed(client_id, "erase", row.pk, size=CHUNK, kills=KILLS, at=AT, chance=chance) == KILLS
    with in_client(client_id):
        row.refresh_from_db()
        assert (row.stage, row.erased, row.kept) == ("certified", row.people, 0)
        assert not Subject.objects.filter(erased_at=None).exists()
        assert (ExitCertificate.objects.count(), Entry.objects.filter(kind="exit.certified").count()) == (1, 1)

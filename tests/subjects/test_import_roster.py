"""Importing a roster: set-based, all or nothing, the same outcome as registering each person."""

import gc
import json
import tracemalloc
from datetime import date, timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from psycopg.errors import UniqueViolation

from paktaleem.directory.people.details import SubjectDetails
from paktaleem.directory.people.fields import PERSONAL
from paktaleem.directory.people.models import GuardianClaim, Subject, SubjectKey
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject, start_erasure
from paktaleem.directory.people.services.people import claim_guardian, register_subject
from paktaleem.directory.schools.oneroster.problems import RosterInvalid
from paktaleem.directory.schools.rosters.importing import people, service, tables
from paktaleem.directory.schools.rosters.importing.people import PeopleChangedMeanwhile
from paktaleem.directory.schools.rosters.importing.service import ImportRunning, import_roster
from paktaleem.directory.schools.rows import Tally
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.canonical import commitment, compute_leaf_hash
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.encryption.sealing import Sealed
from paktaleem.foundation.tenancy.context import ContextMissing, in_client
from tests.rosters import clean_network, odd_network, open_roster, school

IMPORTER = system_actor("import_roster")
LATER = timedelta(days=1)
WRITTEN = (Subject, Subject.history.model, SubjectKey, GuardianClaim, GuardianClaim.history.model, Entry)


@pytest.fixture
def bring(tmp_path, now):
    def bring(package, client, *, at=now, actor=IMPORTER, **options):
        with open_roster(package.write(tmp_path / "roster.zip")) as roster:
            return import_roster(roster, client=client, actor=actor, at=at, **options)

    return bring


def person(external_id):
    return Subject.objects.select_related("client").get(external_id=external_id)


def texts(subject):
    sealer = sealer_of(subject)
    values = {field: getattr(subject, field) for field in PERSONAL}
    return {field: value and sealer.open(value, column=f"people_subject.{field}") for field, value in values.items()}


def counted():
    return {model.__name__: model._default_manager.count() for model in WRITTEN}


def row_versions():
    versions = []
    with connection.cursor() as cursor:
        for model in WRITTEN:
            cursor.execute(f"SELECT xmin, ctid, {model._meta.pk.column} FROM {model._meta.db_table} ORDER BY 3")  # noqa: S608
            versions.append(cursor.fetchall())
    return versions


def entries_of(subject):
    return list(Entry.objects.filter(subject_id=subject.id).order_by("recorded_at", "id"))


def opened_commitments(entry, subject):
    salt = bytes.fromhex(sealer_of(subject).open(Sealed(bytes(entry.openings)), column="audit_entry.openings"))
    facts, values = json.loads(entry.body)["facts"], texts(subject)
    return facts["commitments"], {field: commitment(values[field], salt) for field in facts["commitments"]}


def as_stored(row, *, ignoring=()):
    left_out = {*PERSONAL, "id", "external_id", "tombstone", "subject_id", "history_id", "history_date", *ignoring}
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {
        name: bytes(value) if isinstance(value, memoryview) else value
        for name, value in values.items()
        if name not in left_out
    }


def test_people_are_registered_encrypted_and_history_and_ledger_show_actor_and_reason(indus, bring, now):
    report = bring(clean_network(), indus)
    esra = person("esra")
    known = {"full_name": "Esra Khan", "email": "esra@mail.example", "phone": "+923001234567"}
    assert texts(esra) == {**dict.fromkeys(PERSONAL), **known}
    assert texts(person("danish"))["birth_date"] == "2017-03-14"
    roles = ("administrator", "instructor", "guardian", "student")
    assert {role: tally.added for role, tally in report.people.items()} == dict.fromkeys(roles, 1)
    assert report.relations == Tally(added=1)
    danish = person("danish")
    version = danish.history.get()
    assert (version.history_type, version.history_change_reason, version.history_date) == ("+", "roster_import", now)
    assert (version.actor_kind, version.actor_id, version.actor_role) == ("system", IMPORTER.id, "system")
    registered, claimed = entries_of(danish)
    assert (registered.kind, claimed.kind) == ("subject.registered", "guardian.claimed")
    for entry in (registered, claimed):
        assert bytes(entry.leaf_hash) == compute_leaf_hash(entry.body.encode())
    written, recomputed = opened_commitments(registered, danish)
    assert (written, set(written)) == (recomputed, set(PERSONAL))


@pytest.mark.parametrize("name", ["danish", "esra", "farhan"])
def test_an_import_equals_registering_each_person(indus, bring, now, name):
    bring(clean_network(), indus)
    imported = person(name)
    given = texts(imported)
    details = {field: given[field] for field in ("full_name", "email", "phone")}
    if given["birth_date"]:
        details["birth_date"] = date.fromisoformat(given["birth_date"])
    by = {"actor": IMPORTER, "reason": Reason.ROSTER_IMPORT, "at": now}
    details["role"] = imported.role
    registered, _ = register_subject(f"other-{name}", client=indus, details=details, **by)
    registered.refresh_from_db()
    assert (as_stored(imported), texts(imported)) == (as_stored(registered), texts(registered))
    assert as_stored(imported.history.get()) == as_stored(registered.history.get())
    ours, theirs = (json.loads(entries_of(each)[0].body) for each in (imported, registered))
    assert ours["facts"].keys() == theirs["facts"].keys()
    assert ours["facts"]["role"] == theirs["facts"]["role"]
    assert ours["facts"]["commitments"].keys() == theirs["facts"]["commitments"].keys()
    assert ours["actor"] == theirs["actor"]


def test_an_imported_claim_equals_a_single_claim(indus, bring, now):
    bring(clean_network(), indus)
    imported = GuardianClaim.objects.get(child=person("danish"))
    by = {"actor": IMPORTER, "reason": Reason.ROSTER_IMPORT, "at": now}
    claimed = claim_guardian(person("danish"), guardian=person("celia"), relationship="parent", **by)
    assert as_stored(imported, ignoring=["guardian_id"]) == as_stored(claimed, ignoring=["guardian_id"])
    versions = [as_stored(each.history.get(), ignoring=["guardian_id"]) for each in (imported, claimed)]
    assert versions[0] == versions[1]
    ours, theirs = (json.loads(entry.body)["facts"] for entry in entries_of(person("danish"))[1:])
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize("package", [clean_network, odd_network, lambda: school(40)])
def test_a_second_run_changes_nothing(indus, bring, now, package):
    bring(package(), indus)
    before = row_versions()
    report = bring(package(), indus, at=now + LATER)
    assert row_versions() == before
    assert all(tally.added == tally.changed == 0 for tally in [*report.people.values(), report.relations])


def test_only_what_changed_is_written(indus, bring, now):
    package = clean_network()
    bring(package, indus)
    before, counts = person("danish"), counted()
    package.row("users.csv", "danish")["givenName"] = "Daniyal"
    package.row("users.csv", "farhan")["role"] = "administrator"
    package.row("demographics.csv", "danish")["birthDate"] = "2017-04-14"
    report = bring(package, indus, at=now + LATER)
    danish = person("danish")
    assert (texts(danish)["full_name"], texts(danish)["birth_date"]) == ("Daniyal Khan", "2017-04-14")
    assert danish.of_age_at == before.of_age_at.replace(month=before.of_age_at.month + 1)
    assert (danish.registered_at, danish.changed_at) == (now, now + LATER)
    assert (person("farhan").role, report.people["student"].changed) == ("administrator", 1)
    assert report.people["guardian"] == Tally(unchanged=1)
    assert counted()["HistoricalSubject"] == counts["HistoricalSubject"] + 2
    assert (counted()["Entry"], counted()["SubjectKey"]) == (counts["Entry"] + 2, counts["SubjectKey"])


def test_a_change_keeps_the_ciphertext_of_unchanged_fields_and_an_empty_email_is_cleared(indus, bring, now):
    package = clean_network()
    bring(package, indus)
    before = person("esra")
    package.row("users.csv", "esra")["email"] = "esra.khan@mail.example"
    bring(package, indus, at=now + LATER)
    esra = person("esra")
    assert (esra.full_name, esra.phone) == (before.full_name, before.phone)
    assert esra.email != before.email
    assert (esra.history.latest().history_type, esra.history.latest().email) == ("~", esra.email)
    written, recomputed = opened_commitments(entries_of(esra)[-1], esra)
    assert (written, set(written)) == (recomputed, {"email"})
    package.row("users.csv", "esra")["email"] = ""
    package.row("users.csv", "danish")["givenName"] = "DANISH"
    bring(package, indus, at=now + 2 * LATER)
    esra = person("esra")
    assert (esra.email, esra.email_index, texts(esra)["phone"]) == (None, None, "+923001234567")
    assert texts(person("danish"))["full_name"] == "DANISH Khan", "a changed letter case is a change"


def test_values_that_a_roster_cannot_state_are_kept(indus, bring, now):
    known = {"role": "student", "full_name": "Danish Khan", "language": "ur", "attested_age": 9}
    register_subject("danish", client=indus, details=known, actor=IMPORTER, at=now)
    learner = {"role": "learner", "full_name": "Hina", "birth_date": date(2012, 2, 29)}
    register_subject("hina", client=indus, details=learner, actor=IMPORTER, at=now)
    package = clean_network()
    package.user("hina", "student", "Hina", "Jatoi")
    report = bring(package, indus, at=now + LATER)
    danish, hina = person("danish"), person("hina")
    assert (danish.language, texts(danish)["attested_age"]) == ("ur", f"9@{now:%Y-%m-%d}")
    assert (hina.role, texts(hina)["birth_date"], texts(hina)["full_name"]) == ("learner", "2012-02-29", "Hina Jatoi")
    assert report.oddities["birth_date_kept"] == 1
    before = row_versions()
    bring(package, indus, at=now + LATER)
    assert row_versions() == before


def test_siblings_share_a_guardian_listed_on_either_side(indus, bring):
    package = clean_network()
    package.user("hina", "student", "Hina", "Khan")
    package.row("users.csv", "esra")["agentSourcedIds"] = "hina"
    report = bring(package, indus)
    claims = GuardianClaim.objects.filter(guardian=person("esra"))
    assert {claim.child.external_id for claim in claims.select_related("child")} == {"danish", "hina"}
    assert report.relations.added == 2


def test_a_changed_relationship_is_an_ordinary_change(indus, bring, now):
    package = clean_network()
    bring(package, indus)
    package.row("users.csv", "esra")["role"] = "relative"
    report = bring(package, indus, at=now + LATER)
    claim = GuardianClaim.objects.get(child=person("danish"))
    assert (claim.relationship, claim.starts_at) == ("relative", now)
    assert [version.history_type for version in claim.history.order_by("history_date")] == ["+", "~"]
    assert (report.relations, report.people["guardian"]) == (Tally(changed=1), Tally(unchanged=1))


@pytest.mark.parametrize(("erase", "code"), [(erase_subject, "subject_erased"), (start_erasure, "erasure_in_progress")])
def test_people_who_are_or_were_erased_are_skipped_and_reported(*, indus, bring, now, cast, erase, code):
    package = clean_network()
    bring(package, indus)
    erase(person("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    before = row_versions()
    package.row("users.csv", "esra")["givenName"] = "Esther"
    report = bring(package, indus, at=now + LATER)
    assert row_versions() == before
    found = {each.code: each for each in report.oddity_sample}
    assert (found[code].file, found[code].row) == ("users.csv", 4)
    assert report.oddities["relation_of_erased"] == 1
    assert "esra" not in found[code].message
    assert report.people["student"] == Tally(unchanged=1)


def test_people_missing_in_the_roster_are_counted_and_not_changed(indus, bring, now):
    existing = Subject.objects.count()
    bring(clean_network(), indus)
    smaller = clean_network()
    smaller.tables["users.csv"].pop(smaller.tables["users.csv"].index(smaller.row("users.csv", "farhan")))
    smaller.tables["enrollments.csv"].pop()
    before = row_versions()
    report = bring(smaller, indus, at=now + LATER)
    assert (row_versions(), report.people_not_named) == (before, existing + 1)
    assert report.relations_not_named == 1  # of the cast


@pytest.mark.parametrize("chunk", [2, 2_000])
def test_one_bad_row_refuses_the_roster_with_its_place(indus, bring, now, monkeypatch, chunk):
    monkeypatch.setattr(service, "CHUNK", chunk)
    package = clean_network()
    package.born("farhan", f"{now + LATER * 2:%Y-%m-%d}")
    package.user("no\u00a0", "teacher", "Junaid", "Mirza")
    package.user("batch", "teacher", "Junaid", "Mirza")
    before = row_versions()
    with pytest.raises(RosterInvalid) as caught:
        bring(package, indus)
    found = [(each.file, each.row, each.column) for each in caught.value.problems]
    assert found == [("users.csv", 6, "sourcedId"), ("users.csv", 7, "sourcedId"), ("demographics.csv", 3, "birthDate")]
    assert row_versions() == before


def test_the_current_date_is_that_of_the_clients_time_zone(indus, bring, now):
    package = clean_network()
    package.row("demographics.csv", "danish")["birthDate"] = "2026-10-02"
    late = now.replace(hour=20)  # the second of October in Karachi
    assert bring(package, indus, at=late).people["student"].added == 1


@pytest.mark.parametrize("who", ["bilal", "sana", "celia"])
def test_other_roles_may_not_import(indus, bring, cast, who):
    with pytest.raises(NotAllowed):
        bring(clean_network(), indus, actor=cast.actor(who))
    assert not Subject.objects.filter(external_id="danish").exists()


def test_two_clients_may_have_the_same_ids_and_need_their_own_contexts(cast, bring):
    package = clean_network()
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            assert bring(package, cast.client(code)).people["student"].added == 1
            before = row_versions()
        other = "khyber" if code == "indus" else "indus"
        with in_client(cast.client_id(other)):
            assert Subject.objects.filter(external_id="danish").count() == (code == "khyber")
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
    with in_client(cast.client_id("khyber")):
        assert row_versions() == before
        with pytest.raises(ContextMissing):
            bring(package, indus)


def test_the_staging_tables_hold_no_plaintext(indus, bring):
    bring(odd_network(), indus)
    secrets = ["Hina", "Jatoi", "iman@mail", "7654321", "2012-02-29", "Karachi"]
    for stage in (tables.person_stage(), tables.entry_stage()):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM pg_temp.{stage.name}")  # noqa: S608
            rows = cursor.fetchall()
        shown = [bytes(cell) if isinstance(cell, memoryview) else str(cell).encode() for row in rows for cell in row]
        assert not [cell for cell in shown for secret in secrets if secret.encode() in cell]
    assert GuardianClaim.objects.count() > 1


@pytest.mark.parametrize("model", [Subject, GuardianClaim])
def test_history_columns_match_the_model(model):
    history = model.history.model
    values = tables.history_values(model, "+")
    assert list(values) == [field.column for field in history._meta.concrete_fields]
    own = {field.column for field in model._meta.concrete_fields}
    assert {name for name, value in values.items() if value == f"w.{name}"} == own & set(values)
    assert own - set(values) == own - {field.column for field in history.tracked_fields}


def test_every_column_of_a_person_is_staged_or_listed_here(indus):
    staged = set(tables.person_stage().columns)
    rows = {field.column for field in Subject._meta.concrete_fields}
    computed = {"account_closed_at", "same_person"}  # from is_enabled; kept, whatever a roster says
    of_erasure = {"tombstone", "erasure_started_at", "erased_at"}
    assert rows - staged == {"client_id", "registered_at", "changed_at"} | of_erasure | computed
    written = {field.column for field in Entry._meta.concrete_fields if not field.generated}
    assert written == set(tables.entry_stage().columns)


def test_the_number_of_statements_does_not_depend_on_the_chunks_size(indus, bring, now):
    counts = []
    for size in (5, 300):
        with CaptureQueriesContext(connection) as first:
            bring(school(size, seed=size), indus)
        package = school(size, seed=size)
        for row in package.tables["users.csv"]:
            row["familyName"] = f"Khan{size}"
        with CaptureQueriesContext(connection) as second:
            bring(package, indus, at=now + LATER)
        counts.append((len(first), len(second)))
    # The second school also changes the first's, and some birth dates wait: a few statements more, for one or for many.
    assert all(abs(few - many) <= 5 for few, many in zip(*counts, strict=True))


def test_memory_does_not_grow_with_the_roster(indus, bring, monkeypatch):
    monkeypatch.setattr(service, "CHUNK", 20)
    held = []

    def weigh(phase, *_):
        gc.collect()
        held.append((phase, tracemalloc.get_traced_memory()[0]))

    gc.collect()
    gc.freeze()  # objects made before are left out of every collection
    tracemalloc.start()
    bring(school(240), indus, progress=weigh)
    tracemalloc.stop()
    for phase in ("people", "relations"):
        sizes = [size for when, size in held if when == phase]
        assert len(sizes) >= 12
        assert max(sizes[3:]) - min(sizes[:3]) < 50_000  # a hundred bytes kept of each row would be more


@pytest.mark.parametrize(
    ("step", "act"),
    [("write_changed_people", "change"), ("write_changed_people", "erase"), ("known_relations", "erase")],
)
def test_a_change_or_an_erasure_meanwhile_refuses_the_import(*, indus, bring, now, monkeypatch, cast, step, act):
    first, package = clean_network(), clean_network()
    if step == "known_relations":
        first.row("users.csv", "danish")["agentSourcedIds"] = ""
    else:
        package.row("users.csv", "esra")["email"] = "new@mail.example"
    bring(first, indus)
    real = getattr(tables, step)

    def meanwhile(*given):
        if act == "change":
            register_subject("esra", client=indus, details={"phone": "+923009999999"}, actor=IMPORTER, at=now)
        else:
            start_erasure(person("esra"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
        return real(*given)

    monkeypatch.setattr(tables, step, meanwhile)
    with pytest.raises(PeopleChangedMeanwhile):
        bring(package, indus, at=now + LATER)
    assert texts(person("esra"))["email"] == "esra@mail.example"


def test_a_person_registered_meanwhile_is_a_clear_error(indus, bring, monkeypatch):
    monkeypatch.setattr(people, "_find_known", lambda *_: {})
    bring(clean_network(), indus)
    with pytest.raises(PeopleChangedMeanwhile) as caught:
        bring(clean_network(), indus)
    refused = caught.value.__cause__
    assert refused is not None
    assert isinstance(refused.__cause__, UniqueViolation)


def test_progress_is_reported_by_phase_and_two_imports_for_one_client_cannot_run_together(indus, bring, monkeypatch):
    monkeypatch.setattr(service, "CHUNK", 3)
    told = []
    bring(clean_network(), indus, progress=lambda *step: told.append(step))
    assert told == [("people", 3, 4), ("people", 4, 4), ("relations", 1, 1)]
    monkeypatch.setattr(service, "try_advisory_lock", lambda _: False)
    with pytest.raises(ImportRunning):
        bring(clean_network(), indus)


def test_an_index_in_an_older_format_is_not_a_change(indus, bring, now, monkeypatch):
    monkeypatch.setattr(SubjectDetails, "fingerprint", lambda details: f"older {details.texts()}")
    bring(clean_network(), indus)
    monkeypatch.undo()
    before = row_versions()
    assert bring(clean_network(), indus, at=now + LATER).people["student"] == Tally(unchanged=1)
    assert row_versions() == before


def test_the_first_roster_of_a_client_is_read_by_unique_keys(committed, bring, now, monkeypatch):
    """The planner has no statistics of a new client: it must not scan all its people for each person."""
    monkeypatch.setattr(service, "CHUNK", 50)
    for code in ("khyber", "indus"):
        with in_client(committed.client_id(code)):
            bring(school(300), committed.client(code))
            report = bring(school(300), committed.client(code), at=now + LATER)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
                    " WHERE relname IN ('people_subject', 'people_subjectkey', 'people_guardianclaim')"
                )
                read = cursor.fetchone()[0]
        rows = sum(tally.total for tally in report.people.values()) + report.relations.total
        # About 40, a page of a small table at a time, and up to 70 to derive the schools of people; fewer for each row
        # the more rows there are (91 with 900 people). Walking through all: 200 to 1,200 more.
        assert read < 140 * rows
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE people_subject, people_subjectkey, people_guardianclaim")

# ruff: noqa: E501, S608 -- SQL reads better in one line; names of our own tables
"""Attacks by raw SQL on every table that has rows of a client, as the role of staff limited to schools.

The tables follow from the models: a new one is attacked without anyone thinking of it. Of a table without a row in
tests/project/rows.py only the policies are known (tests/tenancy/catalog.py).
"""

import json
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.operations import list_limited_rights
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import Link
from paktaleem.foundation.tenancy.tables import Limited, Scope
from tests.school_limits.limiting import make_school
from tests.tenancy.catalog import link_to_people, links_to_people, walled

PEOPLE = "people_subject"
JOURNALLED = Link(True, "subject_id", PEOPLE)


def run(statement, values=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def tables():
    return sorted(table for table, wall in walled().items() if wall.scope is Scope.TENANT and "SELECT" in wall.rights)


def key_of(table):
    [(name,)] = run(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indisprimary AND i.indrelid = %s::regclass",
        [table],
    )
    return str(name)


@contextmanager
def limited_to(cast, *schools):
    with in_client(cast.client_id("indus"), schools=frozenset(schools)):
        yield


def refused(statement, values=None):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return bool(cursor.rowcount == 0)
    except Error:
        return True


def is_about_no_one(table):
    wall = walled()[table]
    return wall.limited is Limited.READ or (wall.limited is Limited.CLASSES and link_to_people(table) is None)


def copy_of(table, row):
    of_table = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND (attgenerated <> '' OR attname = %s)"
    generated = {name for (name,) in run(of_table, [table, "school_ids" if table == PEOPLE else ""])}
    columns = ", ".join(f'"{one}"' for one in row if one not in generated)
    copied = {**row, key_of(table): str(uuid4()) if isinstance(row[key_of(table)], str) else 2_000_000_000}
    source = f"jsonb_populate_record(NULL::{table}, %s)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}", [json.dumps(copied)]


def stored(table):
    found = run(f"SELECT to_jsonb(t) FROM {table} t LIMIT 5")
    return [json.loads(row) if isinstance(row, str) else row for (row,) in found]


def test_a_school_without_people_sees_and_writes_no_row_about_people(cast_of_rows):
    cast, found = cast_of_rows, dict[str, list[Any]]()
    faults, empty = list[str](), list[str]()
    with in_client(cast.client_id("indus")):
        for table in tables():
            found[table] = [(row, *copy_of(table, row)) for row in stored(table)]
    with limited_to(cast, uuid4()):
        for table, rows in found.items():
            empty += [] if rows else [table]
            is_shared = is_about_no_one(table)
            if not is_shared and run(f"SELECT 1 FROM {table}"):
                faults.append(f"{table}: shows rows")
            for statement in (f"UPDATE {table} SET {key_of(table)} = {key_of(table)}", f"DELETE FROM {table}"):
                faults += [] if refused(statement) else [f"{table}: {statement}"]
            journal = walled()[table].limited is Limited.JOURNAL
            for row, statement, values in rows:
                if table != PEOPLE and not (journal and row["subject_id"] is None) and not refused(statement, values):
                    faults.append(f"{table}: takes a copy")
    assert faults == []
    assert len(found) - len(empty) > 100, "or the attacks prove little"


def test_every_table_shows_the_rows_of_those_people_and_no_others(cast_of_rows):
    cast = cast_of_rows
    own = {(str(cast.client_id("indus")),), (str(PAKTALEEM),)}
    north = make_school(cast, "north", cast.subject_id("danish"))
    with limited_to(cast, north):
        expected = {PEOPLE: {key for (key,) in run(f"SELECT id::text FROM {PEOPLE}")}}
    assert str(cast.subject_id("danish")) in expected[PEOPLE]
    assert str(cast.subject_id("hamza")) not in expected[PEOPLE]

    def should_show(table):
        if table not in expected:
            link = JOURNALLED if walled()[table].limited is Limited.JOURNAL else link_to_people(table)
            expected[table] = set()
            if link is not None:
                shown = should_show(link.table)
                found = run(f"SELECT {key_of(table)}::text, {link.column}::text, client_id::text FROM {table}")
                expected[table] = {key for key, about, client in found if about in shown and (client,) in own}
        return expected[table]

    about_people = [one for one in tables() if not is_about_no_one(one) and walled()[one].limited != "by_schools"]
    with in_client(cast.client_id("indus")):
        for table in about_people:
            should_show(table)
    with limited_to(cast, north):
        shown = {table: {key for (key,) in run(f"SELECT {key_of(table)}::text FROM {table}")} for table in about_people}
    assert {one for one in about_people if shown[one] != expected[one]} == set()
    some = ("people_subjectkey", "people_historicalsubject", "people_guardianclaim", "schools_enrolment")
    assert all(expected[table] for table in some), "or the comparison proves nothing"


def turned(table, column, other):
    faults = [] if refused(f"UPDATE {table} SET {column} = %s", [other]) else [f"{table}.{column} is changed"]
    for row in stored(table)[:1]:
        statement, values = copy_of(table, {**row, column: str(other)})
        faults += [] if refused(statement, values) else [f"{table}.{column} is added"]
    return faults


def test_no_row_is_moved_to_or_from_people_of_another_school(cast_of_rows):
    cast, tried = cast_of_rows, 0
    hidden, faults = dict[str, list[Any]](), list[str]()
    north = make_school(cast, "north", cast.subject_id("danish"))
    make_school(cast, "south", cast.subject_id("hamza"))
    with in_client(cast.client_id("indus")):
        everything = {table: {key for (key,) in run(f"SELECT {key_of(table)} FROM {table}")} for table in tables()}
    with limited_to(cast, north):
        for table in tables():
            shown = {key for (key,) in run(f"SELECT {key_of(table)} FROM {table}")}
            hidden[table] = sorted(everything[table] - shown, key=str)
        writable = [table for table, rights in list_limited_rights().items() if rights & {"INSERT", "UPDATE"}]
        for table in sorted(hidden.keys() & set(writable)):
            for link in (one for one in links_to_people(table) if hidden.get(one.table)):
                faults += turned(table, link.column, hidden[link.table][0])
                tried += 1
    assert faults == []
    assert tried > 100


@pytest.mark.parametrize("statement", [
    "INSERT INTO schools_enrolment SELECT gen_random_uuid(), client_id, (SELECT id FROM schools_schoolclass WHERE external_id = 'south'), subject_id, role, '', origin, stated_on, starts_on, ends_on, recorded_at, ended_at FROM schools_enrolment",
    "UPDATE schools_enrolment SET school_class_id = (SELECT id FROM schools_schoolclass WHERE external_id = 'south')",
    "UPDATE schools_schoolclass SET title = 'x' WHERE external_id = 'south'",
    "UPDATE schools_schoolclass SET school_id = (SELECT id FROM schools_school WHERE external_id = 'north') WHERE external_id = 'south'",
    "UPDATE schools_schoolclass SET school_id = (SELECT id FROM schools_school WHERE external_id = 'south') WHERE external_id = 'north'",
    "DELETE FROM schools_enrolment WHERE school_class_id = (SELECT id FROM schools_schoolclass WHERE external_id = 'south')",
    "UPDATE people_subject SET language = 'ur' WHERE external_id = 'lms-hamza'",
    "INSERT INTO people_subject (id, client_id, external_id, role, language, is_enabled, registered_at, changed_at) SELECT gen_random_uuid(), client_id, 'lms-hamza', role, language, true, registered_at, changed_at FROM people_subject WHERE external_id = 'lms-danish' ON CONFLICT (client_id, external_id) DO UPDATE SET language = 'ur'",
])  # fmt: skip
def test_no_row_of_another_school_is_written(cast, statement):
    north = make_school(cast, "north", cast.subject_id("danish"))
    make_school(cast, "south", cast.subject_id("hamza"), cast.subject_id("danish"))
    with limited_to(cast, north):
        own = "UPDATE schools_schoolclass SET title = 'y' WHERE external_id = 'north'"
        assert not refused(own)
        assert refused(statement)

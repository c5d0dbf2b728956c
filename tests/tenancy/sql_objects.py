"""Functions, triggers and views of the database beside the files in ``sql/``: what differs, as sentences."""

from paktaleem.directory.webhooks.events import events_function
from paktaleem.foundation.tenancy.sql_files import Kind, sql_files
from paktaleem.office.sandbox.reset_function import function_text
from tests.tenancy.connections import rows

GENERATED = {"sandbox_forget": function_text, "webhooks_events": events_function}
"""Functions made from tables in Python after every migrate."""
BY_OPERATIONS = {"append_only", "append_only_table"}
"""Triggers that ``AppendOnly`` creates; the catalog test looks at them."""
THIRD_PARTY = "procrastinate_%"

FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE %s"
VIEWS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
TRIGGERS = """
    SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
        AND c.relname NOT LIKE %s AND t.tgname <> ALL(%s)
"""
FUNCTION_TEXT = """
    SELECT pg_get_functiondef(oid),
        ARRAY(SELECT item::text FROM unnest(coalesce(proacl, acldefault('f', proowner))) item ORDER BY item::text)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = %s ORDER BY oid
"""
TRIGGER_TEXT = """
    SELECT c.relname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgname = %s AND c.relname = ANY(%s) ORDER BY 1
"""
VIEW_TEXT = "SELECT pg_get_viewdef(%s::regclass), (SELECT reloptions FROM pg_class WHERE oid = %s::regclass)"


def texts():
    return [file.current for file in sql_files()]


def objects_of_files(files):
    """Objects that the files create: kind and name, and for a trigger its table."""
    found = {(one.kind.value, one.name) for one in files if one.kind is not Kind.TRIGGER}
    triggers = {("trigger", one.name, table) for one in files if one.kind is Kind.TRIGGER for table in one.tables}
    return found | triggers | {("function", name) for name in GENERATED}


def objects_of_database(door):
    """Objects of the database, except third-party ones and those made by the operations of tenant isolation."""
    functions = {("function", name) for (name,) in rows(door, FUNCTIONS, [THIRD_PARTY])}
    triggers = {("trigger", *found) for found in rows(door, TRIGGERS, [THIRD_PARTY, sorted(BY_OPERATIONS)])}
    return functions | triggers | {("view", name) for (name,) in rows(door, VIEWS)}


def differences(door, files):
    """Return the differences. Changes the database to find out: the caller rolls back."""
    wanted, held = objects_of_files(files), objects_of_database(door)
    yield from (f"no file creates {' '.join(one)}" for one in sorted(held - wanted))
    yield from (f"the database has no {' '.join(one)}" for one in sorted(wanted - held))
    for one in files:
        before = definition(door, one)
        if not before:  # reported above
            continue
        for statement in [*again(one), one.text]:
            door.execute(statement.encode())
        if definition(door, one) != before:
            yield f"{one.kind} {one.name} is not what its file says"
    for name, text in GENERATED.items():
        before = rows(door, FUNCTION_TEXT, [name])
        door.execute(text().encode())
        if rows(door, FUNCTION_TEXT, [name]) != before:
            yield f"function {name} is not what is generated"


def definition(door, one):
    if one.kind is Kind.FUNCTION:
        return rows(door, FUNCTION_TEXT, [one.name])
    if one.kind is Kind.VIEW:
        return rows(door, VIEW_TEXT, [one.name, one.name])
    return rows(door, TRIGGER_TEXT, [one.name, one.tables])


def again(one):
    """Statements after which the file's text makes the object as on an empty database."""
    if one.kind is Kind.TRIGGER:
        return [f"DROP TRIGGER IF EXISTS {one.name} ON {table}" for table in one.tables]
    if one.kind is Kind.FUNCTION:
        return [
            f"REVOKE ALL ON FUNCTION {one.name} FROM paktaleem_app, paktaleem_officer, paktaleem_backup",
            f"GRANT EXECUTE ON FUNCTION {one.name} TO PUBLIC",
        ]
    return []

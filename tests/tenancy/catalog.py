# ruff: noqa: E501, S608 -- SQL and tables read better in one line; names of our own tables
"""Check tenant isolation in the database's own catalogs; each check yields findings, ideally none."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from paktaleem.foundation.embedded.layout import APP, LIMITED, OFFICER, OWNER
from paktaleem.foundation.tenancy.operations import list_limited_rights, list_table_policies
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from paktaleem.foundation.tenancy.school_limits import Link, columns_of_model, find_limit
from paktaleem.foundation.tenancy.tables import APPEND, Limited, Scope, TablePolicy
from tests.tenancy.connections import Door, rows

GLOBAL_UNIQUE = {"accounts_client_code_key": "a client's code is its public name, found before its context exists"}
"""Unique keys of tenant tables that do not start with the client, with reasons. (Primary keys: random UUIDv7 ids.)"""

LOOK_UPS = {
    "accounts_live_key",
    "tenancy_clock_offset",
    "accounts_memberships",
    "accounts_membership_periods",  # as the next one: what one person did, for their copy
    "agreements_signatures",
    "accounts_staff_roles",
    "accounts_client_with_code",
    "accounts_all_clients",
    "staff_sign_on_by_domain",  # the next three find a client's provider before anyone has signed in
    "staff_sign_on_only",
    "staff_sign_on_providers",
    "school_limits_recompute",  # the next four write schools of people, which no other role may
    "school_limits_of_enrolments",
    "school_limits_of_guardians",
    "school_limits_of_schools",
    "people_has_hidden_record",  # answers yes or no, to staff limited to schools only
    "people_was_erased",  # answers yes or no, to staff limited to schools too
    "webhooks_tell_changes",  # staff limited to schools cause changes, as the next one
    "webhooks_tell_entries",  # staff limited to schools add entries, and see neither endpoints nor messages
    "cookies_client_of_site",
    "access_links_client_of_link",
    "sandbox_forget",
    "tenancy_refresh_statistics",  # returns no data: ANALYZE during an import, and each night
    "consent_add_log_days",  # as the next one
    "consent_drop_log_days",  # return no data: partitions of the decision log are tables of the owner
}
"""All SECURITY DEFINER functions."""

OFFICERS_TOO = {"tenancy_clock_offset"}
"""Those that the officer role may execute: it reads the clock of the client it switches to, and nothing else."""

LIMITED_TOO = {
    "accounts_memberships",
    "accounts_staff_roles",
    "people_has_hidden_record",
    "people_was_erased",
    "tenancy_clock_offset",
}
"""Those that staff limited to schools may execute: administrators among them invite colleagues and add people."""

_GLOBAL_TABLES = """
    account_emailaddress account_emailconfirmation accounts_historicaluser accounts_stafftie accounts_user
    auth_group auth_group_permissions auth_permission axes_accessattempt axes_accessattemptexpiration
    axes_accessfailurelog axes_accesslog django_admin_log django_content_type django_migrations django_session
    mfa_authenticator procrastinate_events procrastinate_jobs procrastinate_periodic_defers procrastinate_workers
    upkeep_stepprogress staff_counter socialaccount_socialaccount socialaccount_socialapp socialaccount_socialtoken
    people_erasurecarriedout
"""
GLOBAL_TABLES = set(_GLOBAL_TABLES.split())
"""All tables without a client, written by hand; their declarations have the reasons."""

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
IN_PUBLIC = "relnamespace = 'public'::regnamespace"


@cache
def walled():
    return {table: wall for table, wall in list_table_policies().items() if wall.scope is not Scope.GLOBAL}


def tables(door):
    return [name for (name,) in rows(door, f"SELECT relname FROM pg_class WHERE {IN_PUBLIC} AND relkind IN ('r', 'p')")]


def undeclared_tables(door):
    """Find undeclared tables, tables without a client that are not listed, and other relations that store rows."""
    declared, days = list_table_policies(), closed_partitions(door)
    for table in set(tables(door)) - days:
        if table not in declared:
            yield f"{table}: nobody says whose rows it holds"
        elif (declared[table].scope is Scope.GLOBAL) != (table in GLOBAL_TABLES):
            yield f"{table}: not on the list of tables without a client"
    for name, kind in rows(
        door,
        f"SELECT relname, relkind FROM pg_class WHERE {IN_PUBLIC} AND relkind NOT IN ('r','p','i','I','S','v','m','c')",
    ):
        yield f"{name}: a relation of kind {kind}"
    for (child,) in rows(
        door,
        "SELECT inhrelid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = 'r'",
    ):
        if child not in days:
            yield f"{child}: inherits rows past the policies of its parent"


def closed_partitions(door):
    """Return the partitions of declared tables that are closed by themselves: no policy opens them, to no one."""
    found = rows(
        door,
        "SELECT c.relname, i.inhparent::regclass::text FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
        " WHERE c.relispartition AND c.relrowsecurity AND c.relforcerowsecurity"
        " AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)",
    )
    return {name for name, parent in found if parent in list_table_policies()}


def open_walls(door):
    """Find nullable client columns, and tables without enabled and forced row-level security."""
    found = rows(
        door,
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, array_agg(a.attname::text) FILTER (WHERE a.attnotnull)"
        f" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE {IN_PUBLIC} AND c.relkind IN ('r', 'p')"
        " GROUP BY 1, 2, 3",
    )
    present = {name: rest for name, *rest in found}
    for table, wall in walled().items():
        if table not in present:
            yield f"{table}: declared, and not there"
            continue
        enabled, forced, required = present[table]
        if not enabled:
            yield f"{table}: row-level security is off"
        if not forced:
            yield f"{table}: row-level security is not forced on the owner"
        if wall.owner_column not in required:
            yield f"{table}: {wall.owner_column} may be null"


def expected_policies(wall):
    column = wall.owner_column
    own = f"({column} = ( SELECT tenancy_client() AS tenancy_client))"
    policies = {
        ("own", "PERMISSIVE", frozenset({APP, OWNER}), "ALL", own, own),
        ("officer", "PERMISSIVE", frozenset({OFFICER}), "SELECT", "true", None),
    }
    if wall.scope is Scope.CATALOGUE:
        policies.add(
            ("shared", "PERMISSIVE", frozenset({APP, LIMITED}), "SELECT", f"({column} = '{PAKTALEEM}'::uuid)", None)
        )
    if wall.looked_up:
        policies.add(("looked_up", "PERMISSIVE", frozenset({OWNER}), "SELECT", "true", None))
    return policies


def limited_policies(table, wall):
    """Return the policies of staff limited to schools, as written by hand here for each kind of table."""
    own = f"({wall.owner_column} = ( SELECT tenancy_client() AS tenancy_client))"
    schools = "( SELECT tenancy_schools() AS tenancy_schools)"
    if wall.limited is Limited.READ:
        return {_limited("ALL", own, "false")}
    if wall.limited is Limited.JOURNAL:
        person = _is_shown(table, Link(True, "subject_id", "people_subject"))
        added = f"({own} AND ((subject_id IS NULL) OR {person}))"
        shown = f"({own} AND {person})"
        return {_limited("SELECT", shown), _limited("INSERT", None, added), _limited("UPDATE", shown, shown)}
    if table == "people_subject" or wall.limited is Limited.BY_SCHOOLS:
        own = f"({own} IS TRUE)" if table == "people_subject" else own  # which no index of the client is read for
        shown = f"({own} AND (school_ids {'&&' if table == 'people_subject' else '<@'} {schools}))"
        return {_limited("ALL", shown, shown)}
    link, links = link_to_people(table), links_to_people(table)
    if wall.limited is Limited.CLASSES:
        shown = own if link is None else f"({own} AND {_is_shown(table, link)})"
        rest = "" if link is None else f" AND {_is_shown(table, link)}"
        written = f"({own} AND {_IN_OWN_CLASS.get(table, _OF_OWN_CLASS.format(table))}{rest})"
        writes = {("INSERT", None, written), ("UPDATE", written, written), ("DELETE", written, None)}
        return {_limited("SELECT", shown), *(_limited(*one) for one in writes)}
    if link is None:
        return set()
    parts = [
        f"(({one.column} IS NULL) OR {_is_shown(table, one)})" if number and one.is_optional else _is_shown(table, one)
        for number, one in enumerate(links)
    ]
    check = " AND ".join(parts)
    if tracked := _columns()(table).history_of.removeprefix("people_subject"):
        check = _describes_shown_row(table, tracked, links, check if len(parts) == 1 else f"({check})")
    return {_limited("ALL", f"({own} AND {_is_shown(table, link)})", f"({own} AND {check})")}


def _describes_shown_row(table, tracked, links, otherwise):
    same = [f"(NOT (shown.{one.column} IS DISTINCT FROM {table}.{one.column}))" for one in links]
    where = " AND ".join([f"(shown.id = {table}.id)", *same])
    return f"((EXISTS ( SELECT\n   FROM {tracked} shown\n  WHERE ({where}))) OR {otherwise})"


def _limited(command, using, check=None):
    name = {"ALL": "limited", "SELECT": "limited"}.get(command, f"limited_{command.lower()}")
    return (name, "PERMISSIVE", frozenset({LIMITED}), command, using, check)


def _is_shown(table, link):
    return f"(EXISTS ( SELECT\n   FROM {link.table} shown\n  WHERE (shown.id = {table}.{link.column})))"


_OF_LIMIT = "school_id = ANY (( SELECT schools_of_limit() AS schools_of_limit)::uuid[])"
_IN_OWN_CLASS = {"schools_schoolclass": f"({_OF_LIMIT})"}
_OF_OWN_CLASS = (
    "(EXISTS ( SELECT\n   FROM schools_schoolclass shown\n  WHERE ((shown.id = {}.school_class_id) AND"
    f" (shown.{_OF_LIMIT}))))"
)


def _columns():
    return columns_of_model({one._meta.db_table: one for one in apps.get_models(include_auto_created=True)})


def link_to_people(table):
    """Return the foreign key by which a table is about people, as the models declare it."""
    return find_limit(table, _columns())


def links_to_people(table):
    """List the foreign keys that must refer to shown rows for a row to be written, the deciding one first.

    A key to a table whose own policy reads this one is not among them.
    """
    catalog = _columns()
    tracked = catalog(table).history_of
    if tracked == "people_subject":
        return [Link(False, "id", tracked)]
    if tracked:
        kept = {link.column for link in catalog(table).links}
        return [link for link in links_to_people(tracked) if link.column in kept]
    first = find_limit(table, catalog)
    found = [link for link in catalog(table).links if link.table != table and _leads_to_people(link, table)]
    ranks = {"subject_id": 0, "child_id": 1}
    found.sort(key=lambda one: (one.table != "people_subject", ranks.get(one.column, 2), one.is_optional, one.column))
    assert not found or found[0] == first, table
    return found


def _leads_to_people(link, table):
    """Return True if rows of a link's table are limited, and not by way of ``table``."""
    passed, step = {table}, link
    while step.table not in passed:
        if step.table == "people_subject":
            return True
        passed.add(step.table)
        following = link_to_people(step.table)
        if following is None:
            return bool(_columns()(step.table).has_schools)
        step = following
    return False


@cache
def declared_policies():
    return {table: expected_policies(wall) | limited_policies(table, wall) for table, wall in walled().items()}


def wrong_policies(door):
    """Find policies that differ from the table's declaration."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    for table, name, kind, roles, command, using, check in rows(
        door,
        "SELECT tablename, policyname::text, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public'",
    ):
        found.setdefault(table, set()).add((name, kind, frozenset(roles), command, using, check))
    expected = declared_policies()
    for table in sorted(found.keys() | expected.keys()):
        for policy in found.get(table, set()) ^ expected.get(table, set()):
            yield f"{table}: policy {policy[0]} is not as declared: {policy[1:]}"


def leaking_keys(door):
    """Find unique keys that do not start with the client: they reveal other clients' rows."""
    for table, index, is_primary, first, kinds in rows(
        door,
        "SELECT c.relname, i.relname, x.indisprimary, (SELECT a.attname::text FROM pg_attribute a"
        "   WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0]),"
        " ARRAY(SELECT a.atttypid::regtype::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY(x.indkey))"
        " FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid"
        " WHERE x.indisunique AND c.relnamespace = 'public'::regnamespace",
    ):
        wall = walled().get(table)
        if wall is None or first == wall.owner_column or index in GLOBAL_UNIQUE or (is_primary and kinds == ["uuid"]):
            continue
        yield f"{table}: the unique key {index} does not lead with {wall.owner_column}"


def _foreign_keys(door):
    """Return all foreign keys: table, name, target, column → target column, deferrable."""
    for table, name, target, columns, targets, deferrable in rows(
        door,
        "SELECT k.conrelid::regclass::text, k.conname, k.confrelid::regclass::text,"
        " ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o)"
        "   JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o),"
        " ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, o)"
        "   JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o),"
        " k.condeferrable FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace",
    ):
        yield table, name, target, dict(zip(columns, targets, strict=True)), deferrable


def crossing_links(door):
    """Find foreign keys between tenant tables without the client, or that are deferrable."""
    walls = walled()
    checks = set(
        rows(
            door,
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'c' AND convalidated AND connamespace = 'public'::regnamespace",
        )
    )
    for table, name, target, columns, deferrable in _foreign_keys(door):
        if table not in walls or target not in walls:
            continue
        if deferrable:
            yield f"{table}: {name} is deferrable and would refuse after the answer"
        owners = [column for column, to in columns.items() if to == walls[target].owner_column]
        if owners == [walls[table].owner_column]:
            continue
        if len(owners) != 1 or len(columns) != 2 or walls[target].scope is not Scope.CATALOGUE:
            yield f"{table}: {name} does not carry the client"
            continue
        [link] = set(columns) - set(owners)
        [owner] = owners
        is_own = f"(({owner} = client_id) OR ({owner} = '{PAKTALEEM}'::uuid))"
        if (table, f"CHECK (({is_own} AND (({owner} IS NULL) = ({link} IS NULL))))") not in checks:
            yield f"{table}: {name} lets {owner} be any client"


def missing_links(door):
    """Find foreign keys of the models between tenant tables that are not composite in the database."""
    walls, present = walled(), {}
    for table, _, target, columns, _ in _foreign_keys(door):
        for column in columns:
            present[table, column, target] = columns
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if table not in walls or hasattr(model, "instance_type"):  # history rows outlive their rows
            continue
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey) or field.related_model._meta.db_table not in walls:
                continue
            if (table, field.column, field.related_model._meta.db_table) not in present:
                yield f"{table}: {field.column} is not tied to {field.related_model._meta.db_table}"


def held_rights(door):
    """Return the privileges on each table of each role that has any, by table and role."""
    held: dict[tuple[str, str], set[str]] = {}
    for table, role, right in rows(
        door,
        f"SELECT relname, role, r FROM pg_class, unnest(%s::text[]) role, unnest(%s::text[]) r WHERE {IN_PUBLIC}"
        " AND relkind IN ('r', 'p') AND has_table_privilege(role, pg_class.oid, r)",
        [[APP, OFFICER, LIMITED], list(RIGHTS)],
    ):
        held.setdefault((table, role), set()).add(right)
    return held


def wrong_rights(door):
    """Find privileges of the app, officer and PUBLIC that differ from the declarations."""
    declared, limited, held = list_table_policies(), list_limited_rights(), held_rights(door)
    for table in tables(door):
        wall = declared.get(table, TablePolicy(frozenset(), Scope.GLOBAL, reason="undeclared"))
        reads = {"SELECT"} if wall.officer and "SELECT" in wall.rights else set()
        for role, expected in ((APP, set(wall.rights)), (OFFICER, reads), (LIMITED, set(limited.get(table, ())))):
            actual = held.get((table, role), set())
            for right in sorted(actual ^ expected):
                yield f"{table}: {role} {'may' if right in actual else 'may not'} {right}"
    for name, right in rows(
        door, f"SELECT relname, privilege_type FROM pg_class, aclexplode(relacl) WHERE {IN_PUBLIC} AND grantee = 0"
    ):
        yield f"{name}: everybody may {right}"
    for name, column in rows(
        door,
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        f" WHERE {IN_PUBLIC} AND a.attacl IS NOT NULL",
    ):
        yield f"{name}: {column} has rights of its own"
    for (name,) in rows(
        door,
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename NOT LIKE 'procrastinate%%'"
        " AND (has_sequence_privilege(%s, format('public.%%I', sequencename), 'USAGE, UPDATE')"
        "   OR has_sequence_privilege(%s, format('public.%%I', sequencename), 'USAGE, UPDATE')"
        "   OR has_sequence_privilege(%s, format('public.%%I', sequencename), 'USAGE, UPDATE'))",
        [APP, OFFICER, LIMITED],
    ):
        yield f"{name}: a sequence the app may draw from"


def powerful_roles(door):
    """Find roles that could bypass tenant isolation, or an app role that owns or creates objects."""
    for role, *powers in rows(
        door,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = ANY(%s)",
        [[APP, OFFICER, LIMITED, OWNER]],
    ):
        if any(powers):
            yield f"{role}: has powers of its own: {powers}"
    for role, what in rows(
        door,
        "SELECT refobjid::regrole::text, pg_describe_object(classid, objid, objsubid) FROM pg_shdepend"
        " WHERE deptype = 'o' AND refobjid IN (%s::regrole, %s::regrole, %s::regrole)"
        " AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))",
        [APP, OFFICER, LIMITED],
    ):
        yield f"{role}: owns {what}"
    for role in (APP, OFFICER, LIMITED):
        for (schema,) in rows(
            door, "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'CREATE')", [role]
        ):
            yield f"{role}: may create in {schema}"
        allowed = "CREATE" if role == APP else "CREATE, TEMP"  # imports of the app use temporary tables
        if rows(door, "SELECT 1 WHERE has_database_privilege(%s, current_database(), %s)", [role, allowed]):
            yield f"{role}: may create schemas or temporary tables"
    held = rows(
        door,
        "SELECT roleid::regrole::text, member::regrole::text, inherit_option, admin_option FROM pg_auth_members"
        " WHERE member IN (%s::regrole, %s::regrole, %s::regrole, %s::regrole)",
        [APP, OFFICER, LIMITED, OWNER],
    )
    for membership in set(held) ^ {(OFFICER, APP, False, False), (LIMITED, APP, False, False)}:
        yield f"{membership[1]}: a member of {membership[0]} otherwise than meant"


def loose_functions(door):
    """Find SECURITY DEFINER functions that are not listed, not pinned or open to others, and rules."""
    found = rows(
        door,
        "SELECT p.proname::text, r.rolname::text, p.proconfig, ARRAY(SELECT grantee::regrole::text"
        "   FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE privilege_type = 'EXECUTE')"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.prosecdef AND p.pronamespace <> 'pg_catalog'::regnamespace",
    )
    for name, owner, settings, may_call in found:
        if name not in LOOK_UPS:
            yield f"{name}: runs with its owner's rights and is not on the list"
        if owner != OWNER or settings != ["search_path=public, pg_temp"]:
            yield f"{name}: owner {owner}, settings {settings}"
        others = ({OFFICER} if name in OFFICERS_TOO else set()) | ({LIMITED} if name in LIMITED_TOO else set())
        if set(may_call) - {OWNER, APP} - others:
            yield f"{name}: may be called by {may_call}"
    for name in LOOK_UPS - {name for name, *_ in found}:
        yield f"{name}: does not run with its owner's rights"
    for table, rule in rows(door, "SELECT tablename, rulename FROM pg_rules WHERE schemaname = 'public'"):
        yield f"{table}: the rule {rule} rewrites queries"


def loose_views(door):
    """Find views that run with their owner's privileges, and materialized views."""
    for name, kind, options in rows(
        door, f"SELECT relname, relkind::text, reloptions FROM pg_class WHERE {IN_PUBLIC} AND relkind IN ('v', 'm')"
    ):
        if kind == "m":
            yield f"{name}: a materialized view knows no policies"
        elif not {"security_invoker=true", "security_invoker=on"} & set(options or ()):
            yield f"{name}: a view without security_invoker"


def changeable_evidence(door):
    """Find append-only tables without the triggers that reject changes by the owner."""
    found: dict[str, set[tuple[str, str]]] = {}
    for table, name, state, text in rows(
        door,
        "SELECT c.relname, t.tgname::text, t.tgenabled::text, pg_get_triggerdef(t.oid) FROM pg_trigger t"
        f" JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND {IN_PUBLIC}",
    ):
        if state == "O":
            found.setdefault(table, set()).add((name, text))
    for table, wall in walled().items():
        if wall.rights != APPEND:
            continue
        for name, when, each in (
            ("append_only", "DELETE OR UPDATE", "ROW"),
            ("append_only_table", "TRUNCATE", "STATEMENT"),
        ):
            text = f"CREATE TRIGGER {name} BEFORE {when} ON public.{table} FOR EACH {each} EXECUTE FUNCTION tenancy_refuse_change()"
            if (name, text) not in found.get(table, set()):
                yield f"{table}: evidence without the trigger {name}"


CHECKS: tuple[Callable[[Door], Iterator[str]], ...] = (
    undeclared_tables,
    open_walls,
    wrong_policies,
    leaking_keys,
    crossing_links,
    missing_links,
    wrong_rights,
    powerful_roles,
    loose_functions,
    loose_views,
    changeable_evidence,
)


def findings(door):
    return [finding for check in CHECKS for finding in check(door)]

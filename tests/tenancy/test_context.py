# ruff: noqa: PT012, S608, TRY301 -- the statements before the error belong to it; names of our own tables; an error raised by the test
"""Contexts: allowed nesting, visible rows, and no state left after the transaction."""

import threading
import uuid
from contextlib import ExitStack

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.utils import ProgrammingError
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consent.register.models.purposes import Purpose
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.models import User
from paktaleem.foundation.accounts.selectors import find_key_actor
from paktaleem.foundation.tenancy import context as contexts
from paktaleem.foundation.tenancy.context import (
    ContextMissing,
    ContextSwitchRefused,
    as_officer,
    current_client,
    in_client,
    in_global,
    single_statement,
)
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.database import cast_values
from tests.project.offenders import refuse_any
from tests.tenancy.catalog import walled
from tests.tenancy.connections import enter

INDUS, KHYBER = "indus", "khyber"


class Broken(Exception):
    """An error raised by the test."""


def settings_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, coalesce(current_setting('paktaleem.client', true), '')")
        return cursor.fetchone()


def clients_of_people():
    return set(Subject.objects.values_list("client_id", flat=True).distinct())


def owners_by_table():
    readable = {table: wall.owner_column for table, wall in walled().items() if "SELECT" in wall.rights}
    with connection.cursor() as cursor:
        for table, column in readable.items():
            cursor.execute(f"SELECT DISTINCT {column} FROM {table}")
            yield table, {owner for (owner,) in cursor.fetchall()}


@pytest.mark.usefixtures("rows")
def test_another_client_sees_no_row_of_any_table(cast_of_rows):
    indus, khyber = cast_of_rows.client_id(INDUS), cast_of_rows.client_id(KHYBER)
    with in_client(indus):
        filled = [table for table, owners in owners_by_table() if indus in owners]
    assert len(filled) > 150
    with in_client(khyber):
        refuse_any((table, owners - {khyber, PAKTALEEM}) for table, owners in owners_by_table() if table in filled)


def test_an_inner_block_of_the_same_client_is_a_savepoint(cast):
    with in_client(cast.client_id(INDUS)):
        with pytest.raises(Broken), in_client(cast.client_id(INDUS)):
            rename_indus("Elsewhere")
            raise Broken
        assert cast.client(INDUS).name == "Indus Schools Network"


def rename_indus(name):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_client SET name = %s WHERE code = 'indus'", [name])
        assert cursor.rowcount == 1


def test_an_officer_switches_to_a_client_and_back(cast):
    with as_officer():
        with in_client(cast.client_id(INDUS)):
            assert settings_now() == ("paktaleem_app", str(cast.client_id(INDUS)))
            assert clients_of_people() == {cast.client_id(INDUS)}
            rename_indus("Indus")
        assert settings_now() == ("paktaleem_officer", "")
        assert cast.client(INDUS).name == "Indus"
        assert len(clients_of_people()) == 2


def test_a_savepoint_rolled_back_inside_keeps_the_context(cast):
    with in_client(cast.client_id(INDUS)):
        with pytest.raises(Broken), transaction.atomic():
            raise Broken
        assert clients_of_people() == {cast.client_id(INDUS)}


def test_the_officers_view_cannot_write(cast):
    with as_officer(), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rename_indus("Elsewhere")


def test_a_global_context_inside_a_client_hides_its_tables(cast):
    with in_client(cast.client_id(INDUS)):
        with in_global():
            assert current_client() is None
            assert User.objects.exists()
            with pytest.raises(ProgrammingError, match="no client context"), transaction.atomic():
                Subject.objects.count()
        assert clients_of_people() == {cast.client_id(INDUS)}


def test_a_client_reads_the_shared_catalogue(cast):
    with in_client(cast.client_id(INDUS)):
        owners = set(Purpose.objects.values_list("client_id", flat=True))
    assert owners == {cast.client_id(INDUS), PAKTALEEM}


@pytest.mark.parametrize("outer", [as_officer, in_global, lambda: in_client(PAKTALEEM)])
def test_a_single_statement_is_refused_inside_a_context(db, outer):
    with outer(), pytest.raises(ContextSwitchRefused, match="self-contained"), single_statement():
        raise AssertionError


def test_a_single_statement_is_refused_inside_another(db):
    with single_statement(), pytest.raises(ContextSwitchRefused), single_statement():
        raise AssertionError


def test_no_client_context_opens_inside_a_single_statement(db):
    with single_statement(), pytest.raises(ContextSwitchRefused), in_client(PAKTALEEM):
        raise AssertionError


def test_a_single_statement_leaves_no_client_set(cast, now):
    assert find_key_actor(cast.key(INDUS), at=now) is not None
    with in_global():
        assert settings_now() == ("paktaleem_app", "")


def test_the_guard_refuses_before_any_sql_is_sent(db):
    sent = []

    def tell(execute, sql, params, many, context):
        sent.append(sql)
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(tell)  # the last wrapper runs last
    try:
        for question in (User.objects.count, Subject.objects.first, lambda: Subject(id=uuid.uuid4()).refresh_from_db()):
            with pytest.raises(ContextMissing, match="No client context"):
                question()
        assert sent == []
        with in_global():
            User.objects.count()
        assert any("accounts_user" in sql for sql in sent)
    finally:
        connection.execute_wrappers.remove(tell)


def test_a_lazy_queryset_cannot_be_read_outside_its_context(cast):
    with in_client(cast.client_id(INDUS)):
        people = Subject.objects.all()
    with pytest.raises(ContextMissing):
        list(people)


def test_a_queryset_reads_the_client_in_whose_context_it_runs(cast):
    with in_client(cast.client_id(INDUS)):
        people = Subject.objects.all()
    with in_client(cast.client_id(KHYBER)):
        assert {person.client_id for person in people} == {cast.client_id(KHYBER)}


def test_raw_sql_and_cursors_are_guarded(db):
    with pytest.raises(ContextMissing), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with pytest.raises(ContextMissing), connection.cursor() as cursor:
        cursor.executemany("SELECT %s", [[1]])
    with pytest.raises(ContextMissing):
        list(Subject.objects.raw("SELECT * FROM people_subject"))


def test_a_statement_after_a_savepoint_is_guarded(db):
    with pytest.raises(ContextMissing), connection.cursor() as cursor:
        cursor.execute("SAVEPOINT x; SELECT count(*) FROM accounts_user")


def test_a_context_whose_transaction_has_ended_is_refused(committed):
    with pytest.raises(ContextMissing, match="transaction has ended"), in_client(committed.client_id(INDUS)):
        connection.in_atomic_block = False
        try:
            Subject.objects.count()
        finally:
            connection.in_atomic_block = True


@pytest.mark.parametrize("outcome", ["commit", "rollback", "error"])
def test_the_connection_is_clean_afterwards(committed, outcome):
    try:
        with in_client(committed.client_id(INDUS)):
            assert clients_of_people() == {committed.client_id(INDUS)}
            first = connection.connection.info.backend_pid
            if outcome == "rollback":
                transaction.set_rollback(True)
            if outcome == "error":
                raise Broken
    except Broken:
        pass
    with pytest.raises(ContextMissing):
        Subject.objects.count()
    left = connection.connection.execute(  # without the guard: the state for the next user of a pooled connection
        "SELECT current_user::text, coalesce(current_setting('paktaleem.client', true), '')"
    )
    assert left.fetchone() == ("paktaleem_app", "")
    with in_global():
        assert connection.connection.info.backend_pid == first, "the same connection is used again"
        assert settings_now() == ("paktaleem_app", "")
    with pytest.raises(ProgrammingError, match="no client context"), in_global():
        Subject.objects.count()


def test_threads_do_not_share_a_context(committed):
    ready, seen = threading.Barrier(2, timeout=20), {}

    def look(code):
        try:
            with in_client(committed.client_id(code)):
                ready.wait()
                seen[code] = clients_of_people()
                ready.wait()
        finally:
            connection.close()

    threads = [threading.Thread(target=look, args=[code]) for code in (INDUS, KHYBER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {code: {committed.client_id(code)} for code in (INDUS, KHYBER)}


def test_a_new_thread_begins_without_a_context(committed):
    refused = []

    def look():
        try:
            Subject.objects.count()
        except ContextMissing as error:
            refused.append(error)
        finally:
            connection.close()

    with in_client(committed.client_id(INDUS)):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_a_lost_connection_is_a_clean_error(committed):
    with pytest.raises(OperationalError), in_client(committed.client_id(INDUS)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        with enter("paktaleem_bootstrap") as door:
            door.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        Subject.objects.count()
    assert current_client() is None
    connection.close()
    with in_client(committed.client_id(INDUS)):
        assert clients_of_people() == {committed.client_id(INDUS)}


class Nesting(RuleBasedStateMachine):
    """Open and close contexts at random, and compare the visible rows with a model of the stack."""

    @initialize()
    def begin(self):
        self.cast = Cast(cast_values())
        self.stack = []  # (kind, client) of each open context
        self.exits = []

    def allowed(self, wanted):
        if not self.stack:
            return True
        outer = self.stack[-1]
        return wanted[0] == "global" or wanted == outer or (outer[0] == "officer" and wanted[0] == "client")

    def opening(self, wanted):
        kind, client = wanted
        if kind == "client":
            return in_client(self.cast.client_id(client))
        return as_officer() if kind == "officer" else in_global()

    @precondition(lambda self: len(self.stack) < 5)
    @rule(
        wanted=st.sampled_from(
            [("client", INDUS), ("client", KHYBER), ("client", "paktaleem"), ("officer", None), ("global", None)]
        )
    )
    def open(self, wanted):
        manager = self.opening(wanted)
        if not self.allowed(wanted):
            with pytest.raises(ContextSwitchRefused):
                manager.__enter__()
            return
        manager.__enter__()
        self.exits.append(manager)
        self.stack.append(wanted)

    @precondition(lambda self: self.stack)
    @rule(how=st.sampled_from(["well", "raising", "rolled back", "after an error"]))
    def close(self, how):
        manager = self.exits.pop()
        self.stack.pop()
        if how == "rolled back":
            transaction.set_rollback(True)
        if how in {"well", "rolled back"}:
            manager.__exit__(None, None, None)
            return
        error: Exception = Broken()
        if how == "after an error":
            with pytest.raises(ProgrammingError) as caught, connection.cursor() as cursor:
                cursor.execute("SELECT no_such_column")
            error = caught.value
        assert not manager.__exit__(type(error), error, error.__traceback__)

    @invariant()
    def the_database_agrees(self):
        if not self.stack:
            with pytest.raises(ContextMissing):
                Subject.objects.count()
            return
        kind, client = self.stack[-1]
        expected = str(self.cast.client_id(client)) if client else ""
        assert settings_now() == ("paktaleem_officer" if kind == "officer" else "paktaleem_app", expected)
        assert current_client() == (self.cast.client_id(client) if client else None)
        if kind != "global":
            both = {self.cast.client_id(INDUS), self.cast.client_id(KHYBER)}
            assert clients_of_people() == (both if kind == "officer" else both & {self.cast.client_id(client)})

    def teardown(self):
        with ExitStack() as stack:
            for manager in self.exits:
                stack.push(manager)


def run(machine, steps):
    run_state_machine_as_test(machine, settings=settings(max_examples=steps, stateful_step_count=12, deadline=None))


def test_any_nesting_shows_the_right_rows_inside_a_test(db):
    run(Nesting, 60)


def test_any_nesting_shows_the_right_rows_on_a_real_connection(committed):
    run(Nesting, 60)


def test_the_guard_is_installed_on_the_app_and_not_on_the_owner(committed):
    with in_global():
        assert contexts.guard in connections["default"].execute_wrappers
    connections["owner"].ensure_connection()
    assert contexts.guard not in connections["owner"].execute_wrappers

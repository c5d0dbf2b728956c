"""Conditions in which the portal does not start, such as a schema that is not that of the code."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connections

from paktaleem.foundation.embedded.layout import APP, BACKUP, OWNER, SUPERUSER
from paktaleem.foundation.operations.diagnosis import State
from paktaleem.foundation.operations.startup import findings
from paktaleem.foundation.operations.startup.diagnosis import check_migrations
from paktaleem.foundation.operations.startup.findings import (
    DatabaseFacts,
    SettingsFacts,
    UnsafeStart,
    database_findings,
    read_database,
    read_settings,
    refuse_unsafe_start,
    settings_findings,
)
from paktaleem.foundation.tenancy.operations import list_missing_parts, missing_migrations
from tests.database import leave_database, template_ready

ROOT = Path(__file__).resolve().parents[2]
ASKED = (
    "import json; from django.conf import settings;"
    "print(json.dumps({alias: one['OPTIONS'] for alias, one in settings.DATABASES.items()}))"
)
SAFE_SETTINGS = SettingsFacts(
    "a secret of many different letters, for tests",
    has_keyring=True,
    has_erasure_list=True,
    debug=False,
    allowed_hosts=("privacy.example",),
    public_url="https://privacy.example",
    has_secure_cookies=True,
)
SAFE_DATABASE = DatabaseFacts(
    role=APP,
    is_superuser=False,
    can_bypass_rls=False,
    owns_schema=False,
    fsync="on",
    synchronous_commit="on",
    full_page_writes="on",
    row_security="on",
    address="127.0.0.1",
    ssl_mode="prefer",
    is_encrypted=False,
)


def codes(findings):
    return {found.code for found in findings}


@pytest.fixture
def connected_as(committed):
    endpoint = template_ready()

    def connect(role):
        leave_database()
        connections.databases["default"].update(USER=role, PASSWORD=endpoint.passwords[role])
        return read_database()

    return connect


WEAK = ("unsafe-until-set", "x" * 48, "0123456789abcdef0123456789abcde", "change-me-to-at-least-32-random-characters")
INTERNAL = ("127.0.0.1:8001", "LOCALHOST:443", "0.0.0.0:80", "[::1]:443")
UNSAFE: dict[str, list[dict[str, Any]]] = {
    "": [{}, {"internal_receivers": ("10.1.2.3:443", "lms.school.example:443")}],
    "startup.E001": [{"secret_key": key} for key in (*WEAK, "django-insecure-" + "x" * 50)],
    "startup.E002": [{"has_keyring": False}],
    "startup.E003": [
        {"debug": True, "allowed_hosts": hosts}
        for hosts in (("privacy.example",), ("privacy.example", "localhost"), ("localhost",))
    ],
    "startup.E004": [{"has_erasure_list": False}],
    "startup.E005": [{"public_url": url} for url in ("", "privacy.example", "https://", "http://privacy.example")],
    "startup.E006": [{"metrics_token": WEAK[2]}, {"metrics_token": WEAK[3]}, {"feed_token": WEAK[1]}],
    "startup.E007": [{"allowed_hosts": ("*",)}],
    "startup.E008": [{"has_secure_cookies": False}],
    "startup.E009": [{"demands_second_factor": False}, {"demands_step_up": False}],
    "startup.E010": [{"mail_folder": "/var/mail/portal"}],
    "startup.E017": [{"internal_receivers": ("lms.example:443", address)} for address in INTERNAL],
    "startup.E018": [{"addresses_of_others": ("DATABASE_OWNER_URL",)}],
}


@pytest.mark.parametrize(("code", "change"), [(code, change) for code, changes in UNSAFE.items() for change in changes])
def test_unsafe_settings_only_are_refused(change, code):
    assert codes(settings_findings(replace(SAFE_SETTINGS, **change))) == {code} - {""}


def test_what_suits_a_trial_is_fine_on_ones_own_computer_only():
    own = replace(
        SAFE_SETTINGS,
        allowed_hosts=("localhost", "127.0.0.1"),
        public_url="http://127.0.0.1:8000",
        debug=True,
        has_secure_cookies=False,
        demands_second_factor=False,
        demands_step_up=False,
        mail_folder="mail",
        internal_receivers=("127.0.0.1:8001",),
        addresses_of_others=("DATABASE_OWNER_URL",),
    )
    assert codes(settings_findings(own)) == set()
    public = replace(own, public_url="https://privacy.example")
    assert codes(settings_findings(public)) == {f"startup.E{number:03}" for number in (3, 8, 9, 10, 17, 18)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"address": ""}, ""),
        ({"address": "::1"}, ""),
        ({"address": "10.1.2.3", "ssl_mode": "verify-full", "is_encrypted": True}, ""),
        ({"is_superuser": True}, "startup.E011"),
        ({"can_bypass_rls": True}, "startup.E012"),
        ({"owns_schema": True}, "startup.E013"),
        ({"fsync": "off"}, "startup.E014"),
        ({"synchronous_commit": "off"}, "startup.E014"),
        ({"full_page_writes": "off"}, "startup.E014"),
        ({"row_security": "off"}, "startup.E016"),
        ({"address": "10.1.2.3"}, "startup.E015"),
        ({"address": "10.1.2.3", "ssl_mode": "prefer", "is_encrypted": True}, "startup.E015"),
    ],
)
def test_an_unsafe_database_only_is_refused(change, code):
    assert codes(database_findings(replace(SAFE_DATABASE, **change))) == {code} - {""}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (APP, set()),
        (OWNER, {"startup.E013"}),
        (BACKUP, {"startup.E012"}),
        (SUPERUSER, {"startup.E011", "startup.E012", "startup.E013"}),
    ],
)
def test_the_roles_of_a_real_cluster_are_distinguished(connected_as, role, expected):
    facts = connected_as(role)
    assert facts.role == role
    assert facts.fsync == "off"  # the test server runs without fsync
    assert codes(database_findings(facts)) == expected | {"startup.E014"}


def test_a_member_of_the_owner_is_as_good_as_the_owner(connected_as, committed):
    endpoint = template_ready()
    url = endpoint.url(SUPERUSER, connections.databases["default"]["NAME"])
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(f"GRANT {OWNER} TO {APP} WITH INHERIT FALSE, SET TRUE")
        try:
            assert codes(database_findings(connected_as(APP))) >= {"startup.E013"}
        finally:
            superuser.execute(f"REVOKE {OWNER} FROM {APP}")


def test_it_refuses_with_every_reason(db, settings):
    settings.SECRET_KEY = "unsafe-until-set"
    with pytest.raises(UnsafeStart) as refused:
        refuse_unsafe_start()
    assert all(code in str(refused.value) for code in ("startup.E001", "startup.E014"))


def test_a_build_sees_them_as_checks(db, settings):
    settings.SECRET_KEY = "unsafe-until-set"
    for database, is_found in (("default", True), ("owner", False)):
        found = {message.id for message in run_checks(tags=["database"], databases=[database])}
        assert ("startup.E014" in found) is is_found
    settings_found = {message.id for message in run_checks(tags=["security"], include_deployment_checks=True)}
    assert "startup.E001" in settings_found
    assert read_settings().secret_key == settings.SECRET_KEY


@pytest.mark.parametrize(
    ("host", "debug", "is_error"),
    [("portal.example", False, True), ("portal.example", True, False), ("localhost", False, False)],
)
def test_every_check_refuses_a_weak_secret_of_a_public_host(settings, host, debug, is_error):
    settings.SECRET_KEY, settings.DEBUG, settings.ALLOWED_HOSTS = "a", debug, [host]
    settings.PUBLIC_URL = f"https://{host}"
    assert ("startup.E001" in {message.id for message in run_checks()}) is is_error
    everything = [message.id for message in run_checks(include_deployment_checks=True)]
    assert everything.count("startup.E001") == 1


def test_what_the_address_says_of_tls_reaches_every_connection():
    tls = {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/portal.pem"}
    names = {"default": "DATABASE_URL", "aside": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}
    url = "postgres://who:secret@db.example:5432/portal?" + urlencode(tls)
    said = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**os.environ, **dict.fromkeys(names.values(), url), "DJANGO_SETTINGS_MODULE": "paktaleem.settings"},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    options = json.loads(said.stdout)
    for alias in names:
        assert tls.items() <= options[alias].items(), alias
    assert options["default"]["server_side_binding"] is True


@pytest.fixture
def change(committed):
    url = template_ready().url(SUPERUSER, str(connections.databases["default"]["NAME"]))
    with psycopg.connect(url, autocommit=True) as link:
        yield link.execute


def assert_refused(monkeypatch, code):
    """Assert that the start is refused in words with this code, and that the doctor says the same; return its line."""
    monkeypatch.setattr(findings, "settings_findings", lambda _: [])
    monkeypatch.setattr(findings, "database_findings", lambda _: [])
    [line] = check_migrations()
    assert (line.state, line.seen.split(":")[0]) == (State.FAILED, code)
    with pytest.raises(findings.UnsafeStart) as refused:
        findings.refuse_unsafe_start()
    assert f"  {line.seen} {line.remedy}" in str(refused.value)
    return line.seen


def test_the_database_of_the_tests_lacks_nothing(db):
    [line] = check_migrations()
    assert (line.state, line.seen) == (State.OK, "all applied; the schema is that of the code")


def test_a_half_migrated_database_is_refused(change, monkeypatch):
    """Every migration counts as applied, because a file was edited afterwards."""
    change("DROP TABLE mailbox_mailboxcheck")
    change("ALTER TABLE people_subject DROP COLUMN grade CASCADE")
    change("ALTER TABLE people_subjectkey DROP CONSTRAINT subjectkey_one_per_person")
    change("ALTER TABLE consent_consent DISABLE ROW LEVEL SECURITY")
    change("DROP FUNCTION tenancy_refuse_change CASCADE")
    assert missing_migrations() == set()
    assert_refused(monkeypatch, "startup.E024")
    constraint = "constraint subjectkey_one_per_person of people_subjectkey"
    missing = {"table mailbox_mailboxcheck", "column people_subject.grade", constraint}
    missing |= {"row-level security of consent_consent", "function tenancy_refuse_change"}
    assert missing <= set(list_missing_parts())


def test_a_database_that_lacks_migrations_is_refused(change, monkeypatch):
    change("DELETE FROM django_migrations WHERE app = 'mailbox' AND name = '0002_tenancy'")
    assert "mailbox.0002_tenancy" in assert_refused(monkeypatch, "startup.E023")


def test_a_database_of_a_newer_version_is_served(change):
    change("INSERT INTO django_migrations (app, name, applied) VALUES ('mailbox', '9999_coming', now())")
    change("ALTER TABLE mailbox_mailboxcheck ADD COLUMN coming text")
    [line] = check_migrations()
    assert line.state is State.OK


def test_a_database_of_a_version_that_is_too_old_is_refused_by_migrate_too(change, monkeypatch):
    change("UPDATE django_migrations SET name = '0001_accounts' WHERE app = 'accounts' AND name = '0001_tables'")
    assert "this one cannot upgrade" in assert_refused(monkeypatch, "startup.E022")
    with pytest.raises(CommandError, match="this one cannot upgrade"):
        call_command("migrate", verbosity=0)


def test_migrate_without_the_owners_address_says_where_it_belongs(committed, monkeypatch):
    leave_database()
    monkeypatch.setitem(connections.databases["owner"], "NAME", settings.NOT_CONFIGURED)
    with pytest.raises(CommandError, match=r"Set DATABASE_OWNER_URL .* docs/deploy/owner\.env"):
        call_command("migrate", verbosity=0)

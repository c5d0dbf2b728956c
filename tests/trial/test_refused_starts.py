"""Unsafe starts on a public host are refused, and the doctor names the same causes."""

import sys

import pytest

from paktaleem import server
from paktaleem.foundation.encryption.keyring import new_keyring_text
from paktaleem.foundation.operations.diagnosis import State, examine
from paktaleem.foundation.operations.startup.findings import UnsafeStart, refuse_unsafe_start


def assert_refused(code):
    """Assert that the start is refused with one code, and that the doctor has a failed line with the same code."""
    with pytest.raises(UnsafeStart) as refused:
        refuse_unsafe_start()
    assert str(refused.value).count("startup.E") == 1
    assert f"  {code}: " in str(refused.value)
    lines = [line for line in examine() if line.seen.startswith(f"{code}: ")]
    assert [(line.state, bool(line.remedy)) for line in lines] == [(State.FAILED, True)]


@pytest.mark.parametrize(
    "case",
    [
        ("SECRET_KEY", "a" * 64, "startup.E001"),
        ("METRICS_TOKEN", "a" * 64, "startup.E006"),
        ("ALLOWED_HOSTS", ["*"], "startup.E007"),
        ("SESSION_COOKIE_SECURE", False, "startup.E008"),
        ("DEMAND_SECOND_FACTOR", False, "startup.E009"),
        ("STEP_UP", False, "startup.E009"),
        ("MAIL_FOLDER", "mail", "startup.E010"),
        ("WEBHOOKS_ALLOWED", ["localhost:8001"], "startup.E017"),
    ],
)
def test_a_setting_for_trials_is_refused_in_public(in_order, settings, case):
    name, value, code = case
    refuse_unsafe_start()
    setattr(settings, name, value)
    assert_refused(code)


@pytest.mark.parametrize("name", ["DATABASE_OWNER_URL", "DATABASE_BACKUP_URL", "DRILL_DATABASE_URL"])
def test_the_address_of_another_role_is_refused(in_order, monkeypatch, name):
    monkeypatch.setenv(name, "postgres://paktaleem_owner:secret@db.example/portal")
    assert_refused("startup.E018")


@pytest.mark.parametrize("text", [None, "", "{}", "no JSON", '{"current": 1, "epochs": {}, "index": ""}'])
def test_a_keyring_that_is_missing_or_none_is_refused(in_order, text):
    in_order.unlink()
    if text is not None:
        in_order.write_text(text)
        in_order.chmod(0o600)
    assert_refused("startup.E019")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_a_keyring_that_others_can_read_is_refused(in_order, mode):
    in_order.chmod(mode)
    assert_refused("startup.E020")


def test_the_keyring_of_another_deployment_is_refused(in_order):
    in_order.write_text(new_keyring_text())
    assert_refused("startup.E021")


def test_the_web_server_prints_each_cause_and_exits_with_2(in_order, settings, monkeypatch, capsys):
    settings.SECRET_KEY, settings.METRICS_TOKEN = "short", "short"
    monkeypatch.setattr(sys, "argv", ["server", "--port", "0"])
    monkeypatch.setattr(server, "import_module", lambda _: refuse_unsafe_start())
    with pytest.raises(SystemExit) as ended:
        server.main()
    heading, *causes = capsys.readouterr().err.splitlines()
    assert (ended.value.code, heading) == (2, "The portal refuses to start:")
    assert [cause.split()[0] for cause in causes] == ["startup.E001:", "startup.E006:"]

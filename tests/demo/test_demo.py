"""`manage.py demo`, run as by people and scripts."""

import json
import os
import re
import shlex
import signal
import socket
import stat
import time

from paktaleem.office.demo.people import SAMPLE
from tests.api.callers import question
from tests.demo.running import ROOT, Demonstration, ask, said


def test_it_says_where_everything_is(filled):
    values = filled.first
    assert list(values) == ["base_url", "sign_ins", "clients", "database", "pids", "mail_dir"]
    assert {(one["role"], one["client"]) for one in values["sign_ins"]} >= {
        ("privacy_officer", "paktaleem"),
        ("auditor", "paktaleem"),
        ("support_agent", "paktaleem"),
        ("client_admin", "indus"),
        ("client_admin", "khyber"),
    }
    assert all(set(one) == {"email", "password", "totp_secret", "role", "client"} for one in values["sign_ins"])
    minors = {one["code"]: one["serves_minors"] for one in values["clients"]}
    assert minors == {"indus": True, "khyber": False, "sandbox": True}
    assert all(set(one) == {"id", "code", "api_key", "time_zone", "serves_minors"} for one in values["clients"])
    assert set(values["database"]) == {"app", "owner"}
    assert set(values["pids"]) == {"web", "worker", "postgres"}


def test_each_school_has_a_postal_address_for_its_privacy_page():
    assert [text.code for text in SAMPLE.clients if not text.address] == ["sandbox"]


def test_what_holds_secrets_is_ours_alone(filled):
    for path in (filled.file, filled.folder / "demonstration.json", filled.folder / "keyring.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_left_after_the_end(filled):
    assert filled.left_running() == {}


def test_a_second_start_serves_the_same_data_until_ctrl_c(demonstration):
    demonstration.start()
    assert demonstration.values["sign_ins"] == demonstration.first["sign_ins"]
    assert demonstration.values["clients"] == demonstration.first["clients"]
    assert demonstration.get("/healthz") == (200, {"status": "alive"})
    assert demonstration.get("/readyz") == (200, {"status": "ready"})
    _decisions_are_as_filled(demonstration)
    _others_may_join_and_leave(demonstration)
    _a_second_one_gives_way(demonstration)
    for name in ("web", "worker"):
        path = f"/proc/{demonstration.values['pids'][name]}/environ"
        with open(path, "rb") as environment:  # noqa: PTH123 -- not a file one could seek in
            assert b"DATABASE_OWNER_URL" not in environment.read()

    status, output, errors = demonstration.end(signal.SIGINT)

    assert (status, errors) == (0, "")
    assert output.endswith("Ended.\n")
    assert [line for line in output.splitlines() if line.endswith(" …")] == [
        "Starting the web server and the worker …",
        "Waiting for the web server to answer …",
        "Waiting for the worker to take jobs …",
    ]
    _the_curl_asks_a_first_decision(demonstration, output)
    assert demonstration.left_running() == {}


def _decisions_are_as_filled(demonstration: Demonstration) -> None:
    keys = {client["code"]: client["api_key"] for client in demonstration.values["clients"]}
    expected = {
        ("indus", "hamza", "newsletter"): (True, None),
        ("indus", "hamza", "product_research"): (False, "consent_refused"),
        ("indus", "mahnoor", "newsletter"): (False, "consent_withdrawn"),
        ("indus", "danish", "service_delivery"): (True, None),
        ("indus", "laila", "service_delivery"): (False, "guardian_consent_refused"),
        ("indus", "palwasha", "service_delivery"): (False, "guardian_consent_required"),
        ("indus", "iqra", "service_delivery"): (False, "age_unknown"),
        ("khyber", "kiran", "product_research"): (True, None),
        ("khyber", "kiran", "platform_improvement"): (True, None),
        ("khyber", "hamza", "newsletter"): (False, "subject_unknown"),
    }
    url = f"{demonstration.values['base_url']}/access/v1/evaluation"
    for (client, subject, purpose), (allowed, reason) in expected.items():
        status, answer = ask(url, question(f"lms-{subject}", purpose), Authorization=f"Bearer {keys[client]}")
        assert (status, answer["decision"]) == (200, allowed), (client, subject, purpose)
        assert reason is None or answer["context"]["reason"] == reason


def _the_curl_asks_a_first_decision(demonstration: Demonstration, output: str) -> None:
    [line] = [line for line in output.splitlines() if line.strip().startswith("curl")]
    words, key = shlex.split(line), demonstration.values["clients"][0]["api_key"]
    assert {f"{demonstration.values['base_url']}/access/v1/evaluation", f"Authorization: Bearer {key}"} <= set(words)
    assert json.loads(words[-1]) == question("lms-talha", "newsletter")
    [command] = re.findall(r"^curl -s \$PORTAL.*?(?=^```)", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    line = command.replace("\\\n", "").replace("$PORTAL", demonstration.values["base_url"])
    of_the_readme = shlex.split(line.replace("$KEY", key))
    assert words[:-1] == of_the_readme[:-1]
    assert json.loads(words[-1]) == json.loads(of_the_readme[-1])


def _others_may_join_and_leave(demonstration: Demonstration) -> None:
    status, output, errors = said(demonstration.manage("load_register"))
    assert (status, output) == (0, "Register: nothing to add.\n"), errors
    assert demonstration.get("/readyz")[0] == 200


def _a_second_one_gives_way(demonstration: Demonstration) -> None:
    second = Demonstration(demonstration.folder)
    status, _, errors = said(second.begin())
    assert status == 2
    assert "running already" in errors
    assert errors.count("\n") == 1


def test_when_a_process_dies_it_says_so_and_ends(demonstration):
    demonstration.start()
    os.kill(demonstration.values["pids"]["worker"], signal.SIGKILL)
    assert demonstration.process is not None
    status, _, errors = said(demonstration.process)
    assert status == 1
    assert "The worker has ended (-9)." in errors
    assert demonstration.left_running() == {}


def test_when_it_and_its_web_server_are_killed_the_next_start_gets_the_port(demonstration):
    demonstration.start()
    web = demonstration.values["pids"]["web"]
    os.kill(web, signal.SIGSTOP)  # or it would end its workers in the time between
    demonstration.process.kill()
    said(demonstration.process)
    os.kill(web, signal.SIGKILL)
    demonstration.start()
    demonstration.end()
    assert demonstration.left_running() == {}


def test_a_taken_port_is_reported_in_one_line(demonstration):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", demonstration.port))
        taken.listen()
        status, output, errors = said(demonstration.begin())
    assert (status, output) == (2, "")
    assert re.fullmatch(
        rf"CommandError: Port {demonstration.port} is taken by process {os.getpid()} \(.+\)\. "
        r"Choose another: manage\.py demo --port N, make run PORT=N\.\n",
        errors,
    )
    assert demonstration.left_running() == {}


def test_a_configured_database_is_never_filled(demonstration, monkeypatch):
    url = "postgres://somebody@127.0.0.1:1/theirs"
    monkeypatch.setattr(Demonstration, "environment", {**demonstration.environment, "DATABASE_URL": url})
    status, output, errors = said(demonstration.begin())
    assert (status, output) == (2, "")
    assert errors == "CommandError: The demonstration has its own database: unset DATABASE_URL.\n"


def test_a_start_killed_while_filling_is_completed_by_the_next(demonstration):
    before = {client["code"]: client["api_key"] for client in demonstration.first["clients"]}
    process = demonstration.begin("--fresh")
    while _kept_keys(demonstration).get("indus", before["indus"]) == before["indus"]:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    said(process)
    assert "sandbox" not in _kept_keys(demonstration)

    demonstration.start()

    keys = {client["code"]: client["api_key"] for client in demonstration.values["clients"]}
    assert all(keys[code] != before[code] for code in before)
    _decisions_are_as_filled(demonstration)
    demonstration.end()
    assert demonstration.left_running() == {}


def _kept_keys(demonstration: Demonstration) -> dict[str, str]:
    path = demonstration.folder / "demonstration.json"
    keys: dict[str, str] = json.loads(path.read_text())["api_keys"] if path.exists() else {}
    return keys

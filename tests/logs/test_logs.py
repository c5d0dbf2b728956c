"""Log lines as the portal writes them in production."""

import ast
import io
import json
import logging
from contextlib import contextmanager, suppress

import pytest
import structlog
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import timezone

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.operations.logs import FIELDS, WITHHELD, make_formatter, name_command
from rights.mailbox.intake import take_mail
from tests.access_links.visiting import issue, path_of, send, visitor, work
from tests.project.test_house import MODULES, parsed, walk
from tests.signing_in import browser_of
from tests.traces import forms


@contextmanager
def logged(*, as_json=True):
    output, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(output), root.level
    handler.setFormatter(make_formatter(as_json=as_json))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield output
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def parse(output):
    return [json.loads(line) for line in output.getvalue().splitlines()]


SECRET = "zenobia@canary.example"
log = structlog.stdlib.get_logger("paktaleem.tests")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def line_of(write):
    with logged() as output:
        write()
    [line] = parse(output)
    return line


def test_a_field_that_is_not_on_the_list_is_dropped():
    line = line_of(lambda: log.info("A message was sent", count=3, email=SECRET))
    assert line["event"] == "A message was sent"
    assert (line["level"], line["logger"], line["count"]) == ("info", "paktaleem.tests", 3)
    assert "email" not in line
    assert set(line) <= set(FIELDS)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("request_id", "zenobia"),
        ("client_id", SECRET),
        ("reason", "moved to Sukkur"),
        ("job", SECRET),
        ("route", f"/people/{SECRET}"),
        ("status", "200 Zenobia"),
        ("trace", SECRET),
        ("event", "x" * 201),
    ],
)
def test_a_value_of_the_wrong_kind_is_withheld(field, wrong):
    fields = {field: wrong} if field != "event" else {}
    line = line_of(lambda: log.warning(wrong if field == "event" else "Something happened", **fields))
    assert line[field] == WITHHELD


def test_an_error_has_its_type_and_places_but_not_its_message():
    def fail():
        raise ExceptionGroup(SECRET, [KeyError(SECRET), ValueError(SECRET)])

    def log_failure():
        try:
            fail()
        except ExceptionGroup:
            log.exception("Some could not be done")

    line = line_of(log_failure)
    assert line["error"] == "ExceptionGroup:KeyError.ValueError"
    assert line["trace"][-1].startswith("tests/logs/test_logs.py:")
    assert line["trace"][-1].endswith(" fail")
    assert SECRET not in str(line)


@pytest.mark.parametrize(
    ("logger", "message", "event"),
    [
        ("django.db.backends", "(%.3f) %s; args=%s", "(%.3f) %s; args=%s"),
        ("axes.handlers", "New login failure by %s", "New login failure by %s"),
        ("httpcore.connection", f"connect to {SECRET}", "A library logged a message"),
        ("djangoesque", f"hello {SECRET}", "A library logged a message"),
    ],
)
def test_a_library_is_logged_without_values(logger, message, event):
    arguments = (0.1, "SELECT", SECRET)[-message.count("%") :] if "%" in message else ()
    line = line_of(lambda: logging.getLogger(logger).warning(message, *arguments))
    assert (line["event"], line["logger"]) == (event, logger)
    assert SECRET not in str(line)


def test_the_worker_is_logged_by_task_and_step():
    job = {"task_name": "mail.deliver", "id": 7, "attempts": 2, "call_string": f"mail.deliver[7](to={SECRET})"}
    details = {"action": "job_error", "job": job, "result": SECRET}
    message = f"Job mail.deliver[7](to={SECRET}) ended"
    line = line_of(lambda: logging.getLogger("procrastinate.worker.one").error(message, extra=details))
    assert (line["job"], line["job_id"], line["attempt"], line["reason"]) == ("mail.deliver", 7, 2, "job_error")
    assert SECRET not in str(line)


@pytest.mark.parametrize(
    ("path", "route"), [("/api/v1/subjects/lms-zenobia", "/api/v1/subjects/<str:external_id>"), ("/link/s3cret", None)]
)
def test_a_request_is_logged_by_its_route_and_not_by_its_path(path, route):
    request = RequestFactory().get(path)
    if route:
        request.resolver_match = resolve(path)
    details = {"request": request, "status_code": 404}
    line = line_of(lambda: logging.getLogger("django.request").warning("%s: %s", "Not Found", path, extra=details))
    assert (line.get("route"), line["status"], line["event"]) == (route, 404, "A request was answered with an error")
    assert path not in str(line)


def test_a_suspicious_request_is_logged_by_its_kind():
    logger, message = logging.getLogger("django.security.DisallowedHost"), str(ValueError(SECRET))
    line = line_of(lambda: logger.error(message, extra={"status_code": 400}))
    assert (line["event"], line["reason"], line["status"]) == ("A request was suspicious", "DisallowedHost", 400)


def test_a_command_is_named_without_its_arguments():
    with structlog.contextvars.bound_contextvars():
        name_command(["manage.py", "break_glass", SECRET])
        line = line_of(lambda: log.info("It begins"))
        structlog.contextvars.unbind_contextvars("command")
    assert line["command"] == "break_glass"


def test_text_for_a_terminal_has_the_same_fields():
    with logged(as_json=False) as output:
        log.info("A message was sent", count=3, email=SECRET)
    assert "info    A message was sent" in output.getvalue()
    assert "count=3" in output.getvalue()
    assert SECRET not in output.getvalue()


def test_every_line_of_the_code_is_a_sentence_with_fields_on_the_list():
    wrong, seen = [], 0
    for path in MODULES:
        for call in (node for node in walk(parsed(path)) if isinstance(node, ast.Call) and is_log_call(node)):
            seen += 1
            names = {keyword.arg for keyword in call.keywords} - {"exc_info", None}
            if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant) or names - set(FIELDS):
                wrong.append(f"{path}:{call.lineno}")
    assert wrong == []
    assert seen > 10


def is_log_call(node):
    if not isinstance(node.func, ast.Attribute):
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id == "log" and node.func.attr in LEVELS


PERSON = "canary-4711"
PERSONAL = {
    "full_name": "Zenobia Xylographer",
    "email": "zenobia.xylographer@canary.example",
    "phone": "+921110099887",
    "birth_date": "1990-08-29",
}
MARKERS = [PERSON, *PERSONAL.values(), "Quicksilver"]
MAIL = (
    b"From: Zenobia Xylographer <zenobia.xylographer@canary.example>\r\nTo: support@PakTaleem.com\r\n"
    b"Subject: Zenobia Xylographer\r\nMessage-ID: <zenobia.xylographer@canary.example>\r\n\r\nDelete Quicksilver.\r\n"
)


def use_the_api(cast):
    api = Client(headers={"Authorization": f"Bearer {cast.key('indus')}", "X-Request-ID": PERSON})
    address, kind = f"/api/v1/subjects/{PERSON}", "application/json"
    assert api.put(address, {"role": "student", **PERSONAL}, content_type=kind).status_code == 201
    assert api.put(address, {"role": "student", "full_name": "Quicksilver\x07"}, content_type=kind).status_code == 400
    assert api.get(f"{address}/Quicksilver").status_code == 404
    assert api.get(f"{address}?include=personal&reason=support_case").status_code == 200


def use_the_pages(cast):
    browser = visitor()
    link = path_of(issue(cast, "indus", PERSON).json()["url"])
    assert send(browser, link).status_code == 302
    assert send(visitor(), "/choices/indus/", contact=PERSONAL["email"]).status_code == 302
    assert visitor().get(f"/choices/link/{PERSONAL['email']}/").status_code == 404
    work()
    return link.split("/")[-2]


def fail_at_work(_):
    raise ValueError(f"{PERSONAL['email']} is not valid")


def test_no_personal_data_of_a_day_reaches_the_log(cast):
    with logged() as output:
        use_the_api(cast)
        token = use_the_pages(cast)
        person = cast.get(Subject, external_id=PERSON)
        browser = browser_of(cast.user("farah"))
        assert browser.get(f"/admin/people/subject/{person.pk}/change/").status_code == 200
        assert browser.post("/admin/search/", {"text": PERSONAL["email"]}).status_code == 200
        assert browser.get(f"/admin/people/subject/{PERSONAL['email']}/change/").status_code in {302, 404}
        take_mail(MAIL, received_at=timezone.now())
        with suppress(ExceptionGroup):
            do_each([PERSON], fail_at_work)
    lines, text = parse(output), output.getvalue().encode()
    assert [marker for marker in [*MARKERS, token] for form in forms(marker) if form in text] == []
    assert {name for line in lines for name in line} <= set(FIELDS)
    requests = [line for line in lines if line["event"] == "A request was answered"]
    of_api = next(line for line in requests if line.get("key_id"))
    assert of_api["route"] == "/api/v1/subjects/<str:external_id>"
    assert of_api["key_id"] == str(cast.key_id("indus"))
    assert of_api["client_id"] == str(cast.client_id("indus"))
    assert {line["status"] for line in requests} >= {200, 201, 302, 400, 404}
    assert any(line.get("user_id") == str(cast.user_id("farah")) and line["duration_ms"] > 0 for line in requests)
    assert any(line.get("error") == "ValueError" and "fail_at_work" in line["trace"][-1] for line in lines)


def test_lines_of_one_request_share_its_id_which_the_answer_sends(cast):
    api = Client(headers={"Authorization": f"Bearer {cast.key('indus')}"})
    own = "0192f3a4-0000-7000-8000-00000000abcd"
    with logged() as output:
        made = api.get("/api/v1/subjects/lms-danish").headers["X-Request-ID"]
        repeated = api.get("/api/v1/subjects/lms-danish", headers={"X-Request-ID": own}).headers["X-Request-ID"]
        named = api.get("/api/v1/subjects/lms-danish", headers={"X-Request-ID": "danish"}).headers["X-Request-ID"]
    ids = [line["request_id"] for line in parse(output) if line["event"] == "A request was answered"]
    assert ids[:2] == [made, repeated] == [made, own]
    assert named == "danish"
    assert ids[2] not in {"danish", own, made}

"""Log lines have only the fields on the list, and values only of their kinds."""

import ast
import logging

import pytest
import structlog
from django.test import RequestFactory
from django.urls import resolve

from paktaleem.foundation.operations.logs import FIELDS, WITHHELD, name_command
from tests.logs.reading import logged, parse
from tests.project.test_house import MODULES, parsed, walk

SECRET = "zenobia@canary.example"
log = structlog.stdlib.get_logger("paktaleem.tests")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def line_of(write):
    """Return the only line that a function logs."""
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
    assert line["trace"][-1].startswith("tests/logs/test_fields.py:")
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
    """Refuses a message with values inside, and an unknown field, before it is ever logged."""
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
    """Return True for a call such as ``log.info(…)``."""
    if not isinstance(node.func, ast.Attribute):
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id == "log" and node.func.attr in LEVELS

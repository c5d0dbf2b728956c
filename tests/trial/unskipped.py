"""In CI a skipped test fails the run, unless it is for another account, operating system or program (``pytest -p``)."""

import os
import re

import pytest

ELSEWHERE = re.compile(r"\broot\b|\bnobody\b|\bonly Linux\b|no systemd here|(PgBouncer|LibreOffice) is not installed")
"""Allowed reasons to skip: the account or operating system of the run, and programs that the portal runs without."""

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not ELSEWHERE.search(reason):
            _skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail in CI if any were recorded; the summary remains the last line."""
    if _skipped and os.environ.get("CI") and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and os.environ.get("CI"):
        terminalreporter.section("skipped, which fails in CI")
        for line in _skipped:
            terminalreporter.write_line(line)

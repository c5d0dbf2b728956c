"""In CI a skipped test fails the run, unless it is one for another account or system (``pytest -p``)."""

import os
import re

import pytest

ELSEWHERE = re.compile(r"\broot\b|\bnobody\b|\bonly Linux\b")
"""Reasons to skip that no preparation could remove: whom the run runs as, and on what."""

_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note what was skipped for want of something."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not ELSEWHERE.search(reason):
            _skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail in CI if anything was noted; the summary that follows stays the last line."""
    if _skipped and os.environ.get("CI") and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which they were."""
    if _skipped and os.environ.get("CI"):
        terminalreporter.section("skipped, which fails in CI")
        for line in _skipped:
            terminalreporter.write_line(line)

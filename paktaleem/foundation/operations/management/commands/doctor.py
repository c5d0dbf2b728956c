"""``manage.py doctor``: is everything that the portal needs in order, and what to do if not."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from django.core.management.base import BaseCommand

from paktaleem.foundation.operations.diagnosis import Line, State, examine

NOT_IN_ORDER = 1


class Command(BaseCommand):
    help = "Look at everything the portal needs. Exit status 0 if all is in order, 1 if a line needs attention."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON array of objects instead of lines.")

    def handle(self, *_: object, **options: object) -> None:
        lines = examine()
        as_json = json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=2)
        self.stdout.write(as_json if options["json"] else self._as_text(lines))
        if any(line.state is not State.OK for line in lines):
            sys.exit(NOT_IN_ORDER)

    def _as_text(self, lines: Sequence[Line]) -> str:
        styles = {State.OK: self.style.SUCCESS, State.ATTENTION: self.style.WARNING, State.FAILED: self.style.ERROR}
        widest = max(len(line.part) for line in lines)
        report = []
        for line in lines:
            report.append(f"{styles[line.state](f'{line.state:<9}')}  {line.part:<{widest}}  {line.seen}")
            if line.remedy:
                report.append(f"{'':<11}{'':<{widest}}  → {line.remedy}")
        counted = Counter(line.state for line in lines)
        found = [f"{counted[state]} {state}" for state in State if counted[state]]
        return "\n".join([*report, "", f"{len(lines)} lines: {', '.join(found)}."])

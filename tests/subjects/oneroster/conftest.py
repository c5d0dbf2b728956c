from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from paktaleem.directory.schools.oneroster.problems import Oddity, Problem, RosterInvalid
from tests.rosters import RosterPackage, open_roster

type Place = tuple[str, str, int | None, str | None]
type Refuse = Callable[[RosterPackage | Path], list[Problem]]


@pytest.fixture
def refused(tmp_path: Path) -> Refuse:
    def problems(package: RosterPackage | Path) -> list[Problem]:
        path = package if isinstance(package, Path) else package.write(tmp_path / "roster.zip")
        with pytest.raises(RosterInvalid) as caught, open_roster(path):
            pass
        return caught.value.problems

    return problems


def places(found: Iterable[Problem | Oddity]) -> list[Place]:
    return [(p.code, p.file, p.row, p.column) for p in found]

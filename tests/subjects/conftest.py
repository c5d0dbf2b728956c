"""Rosters of Indus Schools."""

import io

import pytest

from paktaleem.directory.schools.rosters.importing.service import import_roster, open_source
from paktaleem.foundation.accounts.actors import system_actor


@pytest.fixture
def bring(tmp_path, indus, now):
    def bring(source, *, at=now, **terms):
        content = source if isinstance(source, bytes) else source.write(tmp_path / "roster.zip").read_bytes()
        with open_source(io.BytesIO(content), client=indus) as roster:
            return import_roster(roster, client=indus, actor=system_actor("import_roster"), at=at, **terms)

    return bring

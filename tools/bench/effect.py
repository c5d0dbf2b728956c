"""The preview of an announcement, with a million consents of 500 clients, compared with counting the same rows.

Run as a program in its own process (``python -m tools.bench.effect``), it fills the database named by the
environment if necessary, runs both queries alternately, and prints one line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from paktaleem.foundation.embedded.layout import Endpoint
from paktaleem.foundation.embedded.roles import ensure_database
from tools.bench.infrastructure import environment_for
from tools.bench.table import Row, measure_section

ROOT = Path(__file__).resolve().parents[2]
WHAT = "effect of announcing beside COUNT … GROUP BY"
AT_MOST = 5
CONSENTS = 1_000_000
ROUNDS = 7
SHARED = {"platform_news": ["contact_details"], "platform_research": ["contact_details", "usage_logs"]}
NOTICE = "about_platform_news"

ANSWERS = """
CREATE TEMP TABLE answer AS
SELECT p.client_id, p.id AS subject_id, u.id AS purpose_id, u.client_id AS owner, v.id AS version_id, v.content_hash,
       CASE WHEN p.number / 1000 %% 5 = 0 THEN
           ('019c0000-0000-7000-8000-' || lpad(to_hex(p.number + 1000), 12, '0'))::uuid END AS guardian_id,
       ('019d0000-0000-7000-8' || lpad(to_hex(u.rank), 3, '0') || '-' || lpad(to_hex(p.number), 12, '0'))::uuid AS id
FROM person p CROSS JOIN (SELECT id, client_id, row_number() OVER (ORDER BY code) AS rank
                          FROM consent_purpose WHERE code = ANY (%(codes)s)) u
CROSS JOIN (SELECT v.id, v.content_hash FROM consent_noticeversion v JOIN consent_notice n ON n.id = v.notice_id
            WHERE n.code = %(notice)s) v
ORDER BY p.number, u.rank;
"""
"""For a fifth of the people, an answer by a guardian: the next person."""

EVENTS = """
INSERT INTO consent_consentevent (id, client_id, subject_id, purpose_id, purpose_owner, state, given_by, guardian_id,
    notice_version_id, notice_version_owner, shown_hash, language, method, actor_kind, actor_id, actor_role,
    recorded_at)
SELECT id, client_id, subject_id, purpose_id, owner, 'given', CASE WHEN guardian_id IS NULL THEN 'self' ELSE 'guardian'
    END, guardian_id, version_id, owner, content_hash, 'en', 'lms', 'api_key', client_id, 'api_key', %(at)s FROM answer;
"""

STATES = """
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by,
    guardian_id, notice_version, recorded_at)
SELECT id, client_id, subject_id, purpose_id, owner, 'given', id,
    CASE WHEN guardian_id IS NULL THEN 'self' ELSE 'guardian' END, guardian_id, version_id, %(at)s FROM answer;
"""

PLAIN = "SELECT purpose_id, count(*) FROM consent_consent WHERE state = 'given' GROUP BY purpose_id"


def effect_rows(endpoint: Endpoint, folder: Path) -> list[Row]:
    """Measure on a separate database, created from the base world."""
    ensure_database(endpoint, "effect", template="base")
    environment = {**os.environ, **environment_for(endpoint, folder, "effect")}
    return measure_section(Row(WHAT, "", at_most=AT_MOST), lambda: [_row(environment)])


def _row(environment: dict[str, str]) -> Row:
    from tools.bench.world import migrate  # noqa: PLC0415 -- as above

    migrate(environment)
    command = [sys.executable, "-m", "tools.bench.effect"]
    said = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(said)
    seen = f"{found['preview']:.2f} s beside {found['plain']:.2f} s, {found['consents']:,} consents"
    return Row(WHAT, seen, found["preview"] / found["plain"], at_most=AT_MOST)


def main() -> None:
    """Fill the database, then run both queries alternately."""
    import django  # noqa: PLC0415 -- only where this is a program

    django.setup()
    _fill(os.environ["SUPERUSER_URL"])
    previewed, plain, consents = [], [], 0
    for _ in range(ROUNDS):
        seconds, consents = _timed(_preview)
        previewed.append(seconds)
        seconds, counted = _timed(_count)
        plain.append(seconds)
        if counted != consents:
            raise RuntimeError(f"{consents} consents were previewed, and {counted} are there.")
    medians = {"preview": statistics.median(previewed), "plain": statistics.median(plain)}
    sys.stdout.write(json.dumps({**medians, "consents": consents}) + "\n")


def _timed(count: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    found = count()
    return time.perf_counter() - began, found


def _preview() -> int:
    """Query, as a privacy officer does before announcing a material text, its effect at every client."""
    from consent.notices.models import Notice  # noqa: PLC0415 -- models need the settings of this run
    from consent.notices.selectors.notices import preview_effect  # noqa: PLC0415 -- as above
    from paktaleem.foundation.accounts.actors import user_actor  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import as_officer  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.rows import PAKTALEEM  # noqa: PLC0415 -- as above

    officer = user_actor(PAKTALEEM, "privacy_officer", PAKTALEEM)
    with as_officer():
        notice = Notice.objects.get(client_id=PAKTALEEM, code=NOTICE)
        effect = preview_effect(notice, is_material=True, actor=officer, at=datetime.now(UTC))
    return effect.total.consents


def _count() -> int:
    from django.db import connection  # noqa: PLC0415 -- as above

    from paktaleem.foundation.tenancy.context import as_officer  # noqa: PLC0415 -- as above

    with as_officer(), connection.cursor() as cursor:
        cursor.execute(PLAIN)
        return sum(int(consents) for _, consents in cursor.fetchall())


def _fill(superuser_url: str) -> None:
    from paktaleem.foundation.accounts.models import Client  # noqa: PLC0415 -- as above
    from paktaleem.foundation.audit.actors import Reason  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.context import in_client  # noqa: PLC0415 -- as above
    from paktaleem.foundation.tenancy.rows import PAKTALEEM  # noqa: PLC0415 -- as above
    from tests.factories import CAST_AT, SETTING_UP, make_consent_purpose  # noqa: PLC0415 -- as above
    from tools.bench import world  # noqa: PLC0415 -- as above

    if world.count(superuser_url, "consent_consent"):
        return
    with in_client(PAKTALEEM):
        from consent.notices.models import Notice  # noqa: PLC0415 -- as above
        from consent.register.models.purposes import Purpose  # noqa: PLC0415 -- as above
        from consent.register.services import change_register  # noqa: PLC0415 -- as above

        made = set(Purpose.objects.values_list("code", flat=True))  # from an aborted run
        for code, categories in SHARED.items():
            if code in made:
                continue
            make_consent_purpose(Client.objects.get(pk=PAKTALEEM), code, categories)
        notice = Notice.objects.get(client_id=PAKTALEEM, code=NOTICE)
        notice.purposes = list(SHARED)
        change_register(notice, actor=SETTING_UP, reason=Reason.REVIEW, at=CAST_AT)
    people = CONSENTS // world.CLIENTS // len(SHARED)
    values: dict[str, Any] = {"people": people, "clients": world.CLIENTS, "codes": list(SHARED), "notice": NOTICE}
    with psycopg.connect(superuser_url) as connection:
        world.add_people(connection, ANSWERS, EVENTS, STATES, **values)
    world.settle(superuser_url)


if __name__ == "__main__":
    main()

"""Sandboxes: chosen once, with keys that show it, and a clock that may stand ahead; no other client can have either.

A key's ``is_test`` and its client's ``is_sandbox`` are tied by a foreign key. The clock is read with the context, in the
same statement (``paktaleem.foundation.tenancy.context``); before a context exists, for test keys only, by the key.
"""

import datetime
import uuid

from django.db import migrations, models

PINNED = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"

LOOSEN = [f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in ("accounts_apikey", "accounts_client")]
TIGHTEN = [f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in ("accounts_apikey", "accounts_client")]

MARK_TEST_KEYS = [
    *LOOSEN,
    """
    UPDATE accounts_apikey k SET is_test = true, revoked_at = coalesce(k.revoked_at, statement_timestamp())
    FROM accounts_client c WHERE c.id = k.client_id AND c.is_sandbox
    """,
    *TIGHTEN,
]
"""What a sandbox was given before looks like any other key: it ends."""

TIE_KEYS = [
    *LOOSEN,
    "ALTER TABLE accounts_client ADD CONSTRAINT client_and_its_kind UNIQUE (id, is_sandbox)",
    """
    ALTER TABLE accounts_apikey ADD CONSTRAINT apikey_is_of_its_clients_kind
        FOREIGN KEY (client_id, is_test) REFERENCES accounts_client (id, is_sandbox)
    """,
    *TIGHTEN,
]
UNTIE_KEYS = [
    "ALTER TABLE accounts_apikey DROP CONSTRAINT apikey_is_of_its_clients_kind",
    "ALTER TABLE accounts_client DROP CONSTRAINT client_and_its_kind",
]

FOR_GOOD = [
    """
    CREATE FUNCTION accounts_sandbox_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a client is a sandbox from its registration on, or never'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'client_sandbox_is_for_good';
    END $$
    """,
    """
    CREATE TRIGGER sandbox_for_good BEFORE UPDATE ON accounts_client FOR EACH ROW
        WHEN (OLD.is_sandbox IS DISTINCT FROM NEW.is_sandbox) EXECUTE FUNCTION accounts_sandbox_for_good()
    """,
]

CLOCK_OFFSET = f"""
CREATE FUNCTION tenancy_clock_offset(of_client uuid) RETURNS interval {PINNED} AS $$
    SELECT clock_offset FROM accounts_client WHERE id = of_client
$$
"""

CLOCK_OF_KEY = f"""
CREATE FUNCTION accounts_clock_of_key(key_digest bytea) RETURNS interval {PINNED} AS $$
    SELECT c.clock_offset FROM accounts_apikey k JOIN accounts_client c ON c.id = k.client_id AND c.is_sandbox
    WHERE k.digest = key_digest AND k.is_test
$$
"""


def look_up(sql, signature, callers="paktaleem_app"):
    """Create a look-up that these roles, and nobody else, may call."""
    return migrations.RunSQL(
        [
            sql,
            f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {signature} TO {callers}",
        ],
        f"DROP FUNCTION {signature}",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_user_language'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='is_test',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text="Of a sandbox; the database ties it to the client's."),
        ),
        migrations.AddField(
            model_name='client',
            name='clock_offset',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), editable=False, help_text="How far a sandbox's clock is ahead."),
        ),
        migrations.AddField(
            model_name='historicalapikey',
            name='is_test',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text="Of a sandbox; the database ties it to the client's."),
        ),
        migrations.AddField(
            model_name='historicalclient',
            name='clock_offset',
            field=models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0), editable=False, help_text="How far a sandbox's clock is ahead."),
        ),
        migrations.AlterField(
            model_name='client',
            name='is_sandbox',
            field=models.BooleanField(default=False, help_text='A playground for developers: never real people. It is chosen once and stays.'),
        ),
        migrations.AlterField(
            model_name='historicalclient',
            name='is_sandbox',
            field=models.BooleanField(default=False, help_text='A playground for developers: never real people. It is chosen once and stays.'),
        ),
        migrations.RunSQL(MARK_TEST_KEYS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_test', True), ('prefix__startswith', 'ptk_test_')), models.Q(('is_test', False), models.Q(('prefix__startswith', 'ptk_test_'), _negated=True)), ('revoked_at__isnull', False), _connector='OR'), name='apikey_test_keys_show_it'),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('clock_offset', datetime.timedelta(0)), models.Q(('clock_offset__gt', datetime.timedelta(0)), ('clock_offset__lte', datetime.timedelta(days=9150)), ('is_sandbox', True)), _connector='OR'), name='client_clock_moves_in_sandboxes_only'),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('is_sandbox', False), models.Q(('id', uuid.UUID('01900000-0000-7000-8000-000000000001')), _negated=True), _connector='OR'), name='client_paktaleem_is_no_sandbox'),
        ),
        migrations.RunSQL(TIE_KEYS, UNTIE_KEYS),
        migrations.RunSQL(FOR_GOOD, "DROP FUNCTION accounts_sandbox_for_good() CASCADE"),
        look_up(CLOCK_OFFSET, "tenancy_clock_offset(uuid)", "paktaleem_app, paktaleem_officer"),
        look_up(CLOCK_OF_KEY, "accounts_clock_of_key(bytea)"),
    ]

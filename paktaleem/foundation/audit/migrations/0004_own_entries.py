"""Evidence of what happens before anybody acts for a client: signing in, sign-outs, lock-outs.

Such an act belongs to no client's context, and its entry to PakTaleem. The function writes that one row and reads none,
so that no context has to be opened in which PakTaleem's other rows could be seen.
"""

from django.db import migrations

from paktaleem.foundation.tenancy.ids import PAKTALEEM

RECORD = f"""
CREATE FUNCTION ledger_record_own(entry_id uuid, act text, by_kind text, by_id uuid, by_role text, at timestamptz,
    text_proved text, hash bytea)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    outside text := coalesce(current_setting('paktaleem.client', true), '');
BEGIN
    PERFORM set_config('paktaleem.client', '{PAKTALEEM}', true);
    INSERT INTO ledger_entry (id, client_id, kind, actor_kind, actor_id, actor_role, recorded_at, body, leaf_hash)
    VALUES (entry_id, '{PAKTALEEM}', act, by_kind, by_id, by_role, at, text_proved, hash);
    PERFORM set_config('paktaleem.client', outside, true);
END $$
"""
SIGNATURE = "ledger_record_own(uuid, text, text, uuid, text, timestamptz, text, bytea)"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_family_and_lists_by_index")]

    operations = [
        migrations.RunSQL(
            [
                RECORD,
                f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO paktaleem_app",
            ],
            f"DROP FUNCTION {SIGNATURE}",
        ),
    ]

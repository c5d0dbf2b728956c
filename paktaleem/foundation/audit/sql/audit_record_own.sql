-- Writes one ledger entry of PakTaleem's own, for acts before any client is known: sign-in, sign-out, lockout.
-- It writes that one row and reads none, so that no context has to be opened in which PakTaleem's other rows could be
-- seen. Called by the app role alone, in whatever context is open; that context is restored.
CREATE OR REPLACE FUNCTION audit_record_own(
    entry_id uuid, act text, by_kind text, by_id uuid, by_role text, at timestamptz, text_proved text, hash bytea
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    outside text := coalesce(current_setting('paktaleem.client', true), '');
BEGIN
    PERFORM set_config('paktaleem.client', '01900000-0000-7000-8000-000000000001', true);
    INSERT INTO audit_entry (id, client_id, kind, actor_kind, actor_id, actor_role, recorded_at, body, leaf_hash)
    VALUES (entry_id, '01900000-0000-7000-8000-000000000001', act, by_kind, by_id, by_role, at, text_proved, hash);
    PERFORM set_config('paktaleem.client', outside, true);
END
$$;

REVOKE ALL ON FUNCTION audit_record_own(uuid, text, text, uuid, text, timestamptz, text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_record_own(uuid, text, text, uuid, text, timestamptz, text, bytea) TO paktaleem_app;

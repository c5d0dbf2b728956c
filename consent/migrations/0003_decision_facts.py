"""The facts of a decision in one round trip: one function sets the client and reads, or refuses.

They are ``json``, not ``jsonb``: the text is written once and never searched.
"""

from django.db import migrations

SUBJECT = """
CREATE FUNCTION consent_subject_facts(person text, asked_at timestamptz, mark bytea DEFAULT NULL)
RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    owner uuid := tenancy_client();
    who record;
BEGIN
    SELECT s.id, s.role, s.registered_at, s.erased_at, s.of_age_at INTO who
    FROM subjects_subject s WHERE s.client_id = owner AND s.external_id = person;
    IF NOT FOUND AND mark IS NOT NULL THEN
        SELECT s.id, s.role, s.registered_at, s.erased_at, s.of_age_at INTO who
        FROM subjects_subject s WHERE s.client_id = owner AND s.tombstone = mark;
    END IF;
    IF who.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF asked_at IS NOT NULL THEN
        SELECT h.id, h.role, h.registered_at, h.erased_at, h.of_age_at INTO who
        FROM subjects_historicalsubject h
        WHERE h.client_id = owner AND h.id = who.id AND h.history_date <= asked_at
        ORDER BY h.history_date DESC, h.history_id DESC LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    RETURN json_build_object(
        'id', who.id, 'role', who.role, 'registered_at', who.registered_at,
        'erased_at', who.erased_at, 'of_age_at', who.of_age_at,
        'restrictions', (
            SELECT json_agg(json_build_object(
                'id', r.id, 'purpose', r.purpose_code, 'starts_at', r.starts_at, 'ends_at', r.ends_at))
            FROM consent_restriction r WHERE r.client_id = owner AND r.subject_id = who.id),
        'objections', (
            SELECT json_agg(json_build_object(
                'id', o.id, 'purpose', o.purpose_code, 'starts_at', o.starts_at, 'ends_at', o.ends_at))
            FROM consent_objection o WHERE o.client_id = owner AND o.subject_id = who.id),
        'consents', CASE WHEN asked_at IS NULL THEN (
            SELECT json_agg(json_build_object(
                'purpose', c.purpose_id, 'event', c.event_id, 'state', c.state, 'recorded_at', c.recorded_at,
                'expires_at', c.expires_at, 'notice_version', c.notice_version, 'by', c.given_by))
            FROM consent_consent c WHERE c.client_id = owner AND c.subject_id = who.id)
        ELSE (
            SELECT json_agg(json_build_object(
                'purpose', e.purpose_id, 'event', e.id, 'state', e.state, 'recorded_at', e.recorded_at,
                'expires_at', e.expires_at, 'notice_version', e.notice_version_id, 'by', e.given_by))
            FROM (SELECT DISTINCT ON (v.purpose_id) v.* FROM consent_consentevent v
                  WHERE v.client_id = owner AND v.subject_id = who.id AND v.recorded_at <= asked_at
                  ORDER BY v.purpose_id, v.recorded_at DESC, v.id DESC) e)
        END);
END $$
"""

VERSIONS = """
CREATE FUNCTION consent_register_version() RETURNS bigint[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY[
        coalesce((SELECT version FROM consent_registerversion WHERE client_id = tenancy_client()), 0),
        coalesce((SELECT version FROM consent_registerversion
                  WHERE client_id = '01900000-0000-7000-8000-000000000001'), 0)]
$$
"""

DECISION = """
CREATE FUNCTION consent_decision_facts(key_digest bytea, person text, now_at timestamptz, asked_at timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE key record;
BEGIN
    IF coalesce(current_setting('paktaleem.client', true), '') <> '' THEN
        RAISE EXCEPTION 'a client context is already set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO key FROM accounts_live_key(key_digest, now_at);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('paktaleem.client', key.client_id::text, true);
    RETURN json_build_object(
        'key', key.id, 'client', key.client_id, 'scopes', key.scopes, 'version', consent_register_version(),
        'subject', consent_subject_facts(person, asked_at))::text;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_wall")]
    operations = [
        migrations.RunSQL(SUBJECT, "DROP FUNCTION consent_subject_facts(text, timestamptz, bytea)"),
        migrations.RunSQL(VERSIONS, "DROP FUNCTION consent_register_version()"),
        migrations.RunSQL(DECISION, "DROP FUNCTION consent_decision_facts(bytea, text, timestamptz, timestamptz)"),
    ]

"""The facts of many questions in one round trip: the same shape as for one, for a set of people."""

from django.db import migrations

PRESENT = """
CREATE FUNCTION consent_facts_of_many(persons text[]) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE owner uuid := tenancy_client();
BEGIN
    RETURN (
        SELECT coalesce(json_agg(CASE WHEN s.id IS NULL THEN NULL ELSE json_build_object(
            'id', s.id, 'role', s.role, 'registered_at', s.registered_at,
            'erased_at', s.erased_at, 'of_age_at', s.of_age_at,
            'restrictions', (
                SELECT json_agg(json_build_object(
                    'id', r.id, 'purpose', r.purpose_code, 'starts_at', r.starts_at, 'ends_at', r.ends_at))
                FROM consent_restriction r WHERE r.client_id = owner AND r.subject_id = s.id),
            'objections', (
                SELECT json_agg(json_build_object(
                    'id', o.id, 'purpose', o.purpose_code, 'starts_at', o.starts_at, 'ends_at', o.ends_at))
                FROM consent_objection o WHERE o.client_id = owner AND o.subject_id = s.id),
            'consents', (
                SELECT json_agg(json_build_object(
                    'purpose', c.purpose_id, 'event', c.event_id, 'state', c.state, 'recorded_at', c.recorded_at,
                    'expires_at', c.expires_at, 'notice_version', c.notice_version, 'by', c.given_by))
                FROM consent_consent c WHERE c.client_id = owner AND c.subject_id = s.id)
            ) END ORDER BY asked.place), '[]'::json)
        FROM unnest(persons) WITH ORDINALITY AS asked (person, place)
        LEFT JOIN LATERAL (
            SELECT * FROM subjects_subject t
            WHERE t.client_id = owner AND t.external_id = asked.person LIMIT 1) s ON true);
END $$
"""

AS_OF = """
CREATE FUNCTION consent_facts_of_many_as_of(persons text[], asked_at timestamptz, marks bytea[])
RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(consent_subject_facts(person, asked_at, mark) ORDER BY place), '[]'::json)
    FROM unnest(persons, marks) WITH ORDINALITY AS asked (person, mark, place)
$$
"""

DECISIONS = """
CREATE FUNCTION consent_decisions_facts(key_digest bytea, persons text[], now_at timestamptz)
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
        'subjects', consent_facts_of_many(persons))::text;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0003_decision_facts")]
    operations = [
        migrations.RunSQL(PRESENT, "DROP FUNCTION consent_facts_of_many(text[])"),
        migrations.RunSQL(AS_OF, "DROP FUNCTION consent_facts_of_many_as_of(text[], timestamptz, bytea[])"),
        migrations.RunSQL(DECISIONS, "DROP FUNCTION consent_decisions_facts(bytea, text[], timestamptz)"),
    ]

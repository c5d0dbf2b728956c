"""The facts say for which threshold an age was computed, so that one for another threshold does not count."""

from django.db import migrations

SUBJECT = """
CREATE OR REPLACE FUNCTION consent_subject_facts(person text, asked_at timestamptz, mark bytea DEFAULT NULL)
RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    owner uuid := tenancy_client();
    who record;
BEGIN
    SELECT s.id, s.role, s.registered_at, s.erased_at, s.of_age_at, s.of_age_threshold INTO who
    FROM subjects_subject s WHERE s.client_id = owner AND s.external_id = person;
    IF NOT FOUND AND mark IS NOT NULL THEN
        SELECT s.id, s.role, s.registered_at, s.erased_at, s.of_age_at, s.of_age_threshold INTO who
        FROM subjects_subject s WHERE s.client_id = owner AND s.tombstone = mark;
    END IF;
    IF who.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF asked_at IS NOT NULL THEN
        SELECT h.id, h.role, h.registered_at, h.erased_at, h.of_age_at, h.of_age_threshold INTO who
        FROM subjects_historicalsubject h
        WHERE h.client_id = owner AND h.id = who.id AND h.history_date <= asked_at
        ORDER BY h.history_date DESC, h.history_id DESC LIMIT 1;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    RETURN json_build_object(
        'id', who.id, 'role', who.role, 'registered_at', who.registered_at,
        'erased_at', who.erased_at, 'of_age_at', who.of_age_at, 'of_age_threshold', who.of_age_threshold,
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

SUBJECT_BEFORE = """
CREATE OR REPLACE FUNCTION consent_subject_facts(person text, asked_at timestamptz, mark bytea DEFAULT NULL)
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

MANY = """
CREATE OR REPLACE FUNCTION consent_facts_of_many(persons text[]) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE owner uuid := tenancy_client();
BEGIN
    RETURN (
        SELECT coalesce(json_agg(CASE WHEN s.id IS NULL THEN NULL ELSE json_build_object(
            'id', s.id, 'role', s.role, 'registered_at', s.registered_at,
            'erased_at', s.erased_at, 'of_age_at', s.of_age_at, 'of_age_threshold', s.of_age_threshold,
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

MANY_BEFORE = """
CREATE OR REPLACE FUNCTION consent_facts_of_many(persons text[]) RETURNS json LANGUAGE plpgsql STABLE AS $$
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


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_changes_noted"), ("subjects", "0008_of_age_threshold")]
    operations = [migrations.RunSQL(SUBJECT, SUBJECT_BEFORE), migrations.RunSQL(MANY, MANY_BEFORE)]

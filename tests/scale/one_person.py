# ruff: noqa: E501 -- SQL reads better in one line
"""Fill the lists of what happens to a person with many rows of one person, by set-based SQL."""

from uuid import UUID

PERSON_WITH_MANY_ROWS = UUID("019c0000-0000-7000-8000-00000000000b")
"""A person of Indus with 12,000 accesses, disclosures and orders, and 2,500 answers and requests, a year old.

Systems report disclosures, and receive orders, for years. Answers and requests are given one by one.
"""

OF_ONE = """
CREATE TEMP TABLE happened AS
SELECT p.id AS subject_id, p.client_id, n, now() - interval '1 year' - n * interval '1 minute' AS at
FROM person p, generate_series(1, 12000) n WHERE p.id = %(many)s;
INSERT INTO people_accessrecord (id, client_id, subject_id, actor_kind, actor_id, actor_role, reason, fields, looked_at)
SELECT gen_random_uuid(), client_id, subject_id, 'user', client_id, 'client_admin', 'review', 'full_name', at FROM happened;
INSERT INTO consent_consentevent (id, client_id, subject_id, purpose_id, purpose_owner, state, given_by, shown_hash,
    language, method, actor_kind, actor_id, actor_role, recorded_at, notice_version_id, notice_version_owner)
SELECT gen_random_uuid(), h.client_id, h.subject_id, e.purpose_id, e.purpose_owner, e.state, e.given_by, '', 'en', 'lms', 'api_key',
    h.client_id, 'api_key', h.at, e.notice_version_id, e.notice_version_owner
FROM happened h JOIN consent_consentevent e ON e.id = h.subject_id WHERE n <= 2500;
INSERT INTO sharing_disclosure (id, client_id, subject_id, recipient_id, recipient_owner, purpose, categories, reason, is_denied, shared_at,
    reported_at, actor_kind, actor_id, actor_role)
SELECT gen_random_uuid(), h.client_id, h.subject_id, d.recipient_id, d.recipient_owner, 'support', '{usage_logs}', 'permitted', false,
    h.at, h.at, 'api_key', h.client_id, 'api_key'
FROM happened h JOIN sharing_disclosure d ON d.id = h.subject_id;
INSERT INTO data_systems_order (id, client_id, system_id, system_owner, subject_id, kind, reason, ground, categories, created_at,
    due_at, parent_kind, state, attempts, failure, fields, changed_at, ended_at)
SELECT gen_random_uuid(), h.client_id, o.system_id, o.system_owner, h.subject_id, 'collect', 'subject_request', 'right_of_the_person',
    '{credentials}', h.at, h.at + interval '20 days', '', 'confirmed', 1, '', '{}', h.at, h.at
FROM happened h JOIN data_systems_order o ON o.id = h.subject_id;
INSERT INTO requests_rightsrequest (id, client_id, number, channel, state, subject_id, language, identity_method, received_at, due_at,
    expected_by, answer_by, answered_at, closed_at, guardian_right)
SELECT gen_random_uuid(), client_id, 'M' || n, 'api', 'closed', subject_id, 'en', '', at, at + interval '30 days',
    at + interval '30 days', at + interval '30 days', at, at, ''
FROM happened WHERE n <= 2500;
"""

# ruff: noqa: E501 -- SQL reads better in one line
"""Fill the database with people of many clients, and everything that lists show about them, by set-based SQL.

Indus has three people in ten, in ``SCHOOLS_OF_INDUS`` schools, 25 in a class, and 999 are administrators; a guardian is in
the school of the child. Two in four people are children with a guardian, who has answered for them; the others have
answered for themselves. The other people are spread over copies of Khyber. Triggers and foreign keys are disabled while
filling, since only reads are tested.
"""

import re
import time
from uuid import UUID

import psycopg

from tools.bench.world import copy_clients

SCHOOLS_OF_INDUS = 20

INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i
WHERE indrelid = ANY (%s::regclass[]) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
"""
NOT_ALL_VISIBLE = """
SELECT oid::regclass::text FROM pg_class WHERE oid = ANY (%s::regclass[]) AND relallvisible < relpages
"""
PATIENCE = 60

PERSON = """
CREATE TEMP TABLE person AS
SELECT p AS number, ('019c0000-0000-7000-8000-' || lpad(to_hex(p), 12, '0'))::uuid AS id,
       CASE WHEN p %% 10 < 3 THEN %(indus)s::uuid
            ELSE ('019b0000-0000-7000-8000-' || lpad(to_hex(1 + p %% (%(clients)s - 1)), 12, '0'))::uuid END AS client_id,
       CASE WHEN p %% 10 < 3
            THEN ('019d0000-0000-7000-8000-' || lpad(to_hex(p / 10 %% (%(clients)s - 1) %% %(schools)s), 12, '0'))::uuid
       END AS school_id,
       greatest(1, p - CASE WHEN p %% 10 < 3 THEN 10 * (%(clients)s - 1) * (p / 10 / (%(clients)s - 1) %% 25) ELSE 0 END) AS class_number,
       p %% 97 = 0 AS is_erased, now() - p * interval '40 seconds' AS at
FROM generate_series(1, %(people)s) p;
CREATE TEMP TABLE asked AS
SELECT p.*, u.id AS purpose_id, v.id AS version_id
FROM person p JOIN consent_purpose u ON u.client_id = p.client_id AND u.code = 'newsletter'
JOIN (
    SELECT DISTINCT ON (n.client_id) n.client_id, v.id
    FROM consent_notice n JOIN consent_noticeversion v ON v.client_id = n.client_id AND v.notice_id = n.id
    WHERE 'newsletter' = ANY (n.purposes) AND v.effective_at <= now() ORDER BY n.client_id, v.effective_at DESC
) v ON v.client_id = p.client_id;
"""

SUBJECTS = """
INSERT INTO people_subject (id, client_id, external_id, role, language, full_name, email, email_index, phone, phone_index,
    name_index, details_index, tombstone, of_age_at, is_enabled, registered_at, changed_at, erased_at, school_ids, grade)
SELECT id, client_id, CASE WHEN NOT is_erased THEN 'stu-' || number END,
    CASE WHEN number %% 10 = 0 AND number < 10000 THEN 'administrator'
         ELSE (ARRAY['student', 'student', 'student', 'learner', 'guardian', 'instructor'])[1 + number %% 6] END, 'en',
    CASE WHEN NOT is_erased THEN '\\xabab'::bytea END, CASE WHEN NOT is_erased THEN '\\xcdcd'::bytea END,
    CASE WHEN NOT is_erased THEN sha256(number::text::bytea) END, CASE WHEN NOT is_erased THEN '\\xefef'::bytea END,
    CASE WHEN NOT is_erased THEN sha256(('phone' || number)::bytea) END,
    CASE WHEN NOT is_erased THEN sha256(('name' || number)::bytea) END,
    CASE WHEN NOT is_erased THEN sha256(('details' || number)::bytea) END,
    CASE WHEN is_erased THEN sha256(('gone' || number)::bytea) END,
    CASE WHEN is_erased OR number %% 7 = 0 THEN NULL WHEN number %% 3 = 0 THEN '1970-01-01Z'::timestamptz
         ELSE now() + number * interval '1 hour' END,
    true, at, at, CASE WHEN is_erased THEN at END, array_remove(ARRAY[school_id], NULL),
    CASE WHEN is_erased THEN '' ELSE (1 + number %% 12)::text END
FROM person;
INSERT INTO people_historicalsubject (history_id, id, client_id, role, language, is_enabled, registered_at, changed_at,
    actor_kind, actor_id, actor_role, history_date, history_type)
SELECT gen_random_uuid(), id, client_id, 'student', 'en', true, at, at, 'api_key', client_id, 'api_key', at, '+'
FROM person WHERE number %% 2 = 0;
INSERT INTO people_guardianclaim (id, client_id, child_id, guardian_id, relationship, starts_at)
SELECT gen_random_uuid(), a.client_id, a.id, b.id, 'parent', a.at
FROM person a JOIN person b ON b.client_id = a.client_id AND b.number = a.number + 10 * (%(clients)s - 1) WHERE a.number %% 4 < 2;
INSERT INTO people_accessrecord (id, client_id, subject_id, actor_kind, actor_id, actor_role, reason, fields, looked_at)
SELECT gen_random_uuid(), client_id, id, 'user', client_id, 'client_admin', 'review', 'full_name', at
FROM person WHERE number %% 3 = 0;
INSERT INTO invitations_invitation (id, client_id, child_id, guardian_id, state, problem, channel, portal, said_words, said_language,
    reminders,
    asked_at, closes_at, actor_kind, actor_id, actor_role)
SELECT gen_random_uuid(), client_id, child_id, guardian_id,
    (ARRAY['notice_sent', 'viewed', 'expired'])[1 + (extract(epoch FROM starts_at)::bigint %% 3)::int], '', 'mail',
    'https://privacy.example', '', '', 0, starts_at, starts_at + interval '28 days', 'user', client_id, 'client_admin'
FROM people_guardianclaim c
WHERE NOT EXISTS (SELECT 1 FROM invitations_invitation i WHERE i.child_id = c.child_id AND i.guardian_id = c.guardian_id);
"""

TOLD = """
INSERT INTO ageing_agenotice (id, client_id, subject_id, given_at, guardians, person, actor_kind, actor_id, actor_role)
SELECT id, client_id, id, at, 1, true, 'system', client_id, 'system' FROM person WHERE number %% 2 = 0;
"""

ANSWERS = """
INSERT INTO consent_consentevent (id, client_id, subject_id, purpose_id, purpose_owner, state, given_by, guardian_id, shown_hash,
    language, method, actor_kind, actor_id, actor_role, recorded_at, notice_version_id, notice_version_owner)
SELECT a.id, a.client_id, a.id, purpose_id, a.client_id,
    (ARRAY['given', 'given', 'given', 'refused', 'withdrawn'])[1 + number %% 5],
    CASE WHEN c.id IS NULL THEN 'self' ELSE 'guardian' END, c.guardian_id, '', 'en', 'lms',
    'api_key', a.client_id, 'api_key', at, version_id, a.client_id
FROM asked a LEFT JOIN people_guardianclaim c ON c.client_id = a.client_id AND c.child_id = a.id;
INSERT INTO consent_consent (id, client_id, subject_id, purpose_id, purpose_owner, state, event_id, given_by, guardian_id, notice_version,
    recorded_at)
SELECT id, client_id, subject_id, purpose_id, purpose_owner, state, id, given_by, guardian_id, notice_version_id, recorded_at
FROM consent_consentevent WHERE id = subject_id;
INSERT INTO consent_consentevidence (id, client_id, subject_id, event_id, reference, actor_kind, actor_id, actor_role, added_at)
SELECT id, client_id, id, id, '\\xabab'::bytea, 'user', client_id, 'client_admin', at FROM asked WHERE number %% 3 = 0;
INSERT INTO consent_restriction (id, client_id, subject_id, purpose_code, starts_at, ends_at)
SELECT id, client_id, id, '', at, CASE WHEN number %% 2 = 0 THEN at + interval '1 day' END FROM person WHERE number %% 3 = 0;
INSERT INTO consent_objection (id, client_id, subject_id, purpose_code, starts_at)
SELECT id, client_id, id, 'platform_improvement', at FROM person WHERE number %% 3 = 1;
INSERT INTO mail_letter (id, client_id, kind, language, channel, subject_id, to_address, state, attempts, last_error, message_id,
    queued_at, due_at, sent_at, actor_kind, actor_id, actor_role)
SELECT id, client_id, 'notice_announced', 'en', 'mail', id, false, CASE WHEN number %% 50 = 0 THEN 'failed' ELSE 'sent' END, 1, '', '',
    at, at, CASE WHEN number %% 50 > 0 THEN at END, 'system', client_id, 'system'
FROM person WHERE number %% 2 = 1;
INSERT INTO audit_entry (id, client_id, kind, subject_id, actor_kind, actor_id, actor_role, recorded_at, body, leaf_hash)
SELECT id, client_id, (ARRAY['consent.given', 'subject.registered'])[1 + number %% 2], id, 'api_key', client_id, 'api_key',
    at, '{"facts": {}}', sha256(number::text::bytea)
FROM person;
"""

HELD = """
INSERT INTO consent_recipient (id, client_id, code, name, service, agreement_reference, countries)
VALUES ('01900000-0000-7000-8000-0000000000aa', '01900000-0000-7000-8000-000000000001', 'scale_host', 'Host', 'Hosting', 'A1', '')
ON CONFLICT DO NOTHING;
INSERT INTO sharing_disclosure (id, client_id, subject_id, recipient_id, recipient_owner, purpose, categories, reason, is_denied, shared_at,
    reported_at, actor_kind, actor_id, actor_role)
SELECT id, client_id, id, '01900000-0000-7000-8000-0000000000aa', '01900000-0000-7000-8000-000000000001', 'support', '{usage_logs}',
    CASE WHEN number %% 20 = 0 THEN 'consent_missing' ELSE 'permitted' END, number %% 20 = 0, at, at, 'api_key', client_id, 'api_key'
FROM person;
INSERT INTO holdings_collection (id, client_id, subject_id, category, occasion, purpose, count, reason, collected_at, reported_at,
    actor_kind, actor_id, actor_role)
SELECT id, client_id, id, 'usage_logs', 'assessment', 'support', 1, 'permitted', at, at, 'api_key', client_id, 'api_key' FROM person;
INSERT INTO holdings_holding (id, client_id, subject_id, category, occasions, purposes, count, first_collected_at,
    last_collected_at, ended_at)
SELECT id, client_id, id, 'usage_logs', '["assessment"]', '["support"]', 1, at, at, CASE WHEN number %% 9 = 0 THEN at END FROM person;
INSERT INTO holdings_flaggedcollection (id, client_id, collection_id, subject_id, category, purpose, reason, flagged_at, decision,
    ground, decided_at, decided_kind, decided_by, decided_role)
SELECT id, client_id, id, id, 'usage_logs', 'support', 'basis_missing', at, CASE WHEN number %% 20 > 0 THEN 'explained' ELSE '' END,
    CASE WHEN number %% 20 > 0 THEN 'Lawful.' ELSE '' END, CASE WHEN number %% 20 > 0 THEN at END,
    CASE WHEN number %% 20 > 0 THEN 'user' ELSE '' END, CASE WHEN number %% 20 > 0 THEN client_id END,
    CASE WHEN number %% 20 > 0 THEN 'client_admin' ELSE '' END
FROM person WHERE number %% 2 = 0;
INSERT INTO schedule_hold (id, client_id, kind, ground, subject_id, category, review_on, related_kind, placed_at, placed_kind, placed_by,
    lifted_at, lifted_by, lift_ground)
SELECT id, client_id, 'complaint', 'Case.', id, '', at::date + 30, '', at, 'user', client_id,
    CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END, CASE WHEN number %% 20 > 0 THEN client_id END,
    CASE WHEN number %% 20 > 0 THEN 'Settled.' ELSE '' END
FROM person WHERE number %% 3 = 0;
INSERT INTO cookies_bannerversion (id, client_id, number, asks_since, content, digest, made_at)
SELECT c.id, c.id, 1, 1, '{"categories": [], "texts": {}}', '', now() FROM accounts_client c
WHERE NOT EXISTS (SELECT 1 FROM cookies_bannerversion v WHERE v.client_id = c.id AND v.number = 1);
INSERT INTO cookies_cookiechoice (id, client_id, visitor, version_id, language, given, refused, source, has_signal, recorded_at)
SELECT p.id, p.client_id, p.id, v.id, 'en', '{}', '{analytics}', 'banner', false, p.at
FROM person p JOIN cookies_bannerversion v ON v.client_id = p.client_id AND v.number = 1;
INSERT INTO holdings_incident (id, client_id, subject_id, cause, categories, opened_at, due_at, closed_at)
SELECT id, client_id, id, 'collected', '{usage_logs}', at, at + interval '7 days', CASE WHEN number %% 20 > 0 THEN at END FROM person;
"""

GUARDIANS = """
INSERT INTO guardians_guardianship (id, client_id, child_id, guardian_id, relationship, source, may_consent, may_receive_data,
    court_order, starts_at)
SELECT id, client_id, child_id, guardian_id, 'parent', 'school', true, true, false, starts_at FROM people_guardianclaim c
WHERE NOT EXISTS (SELECT 1 FROM guardians_guardianship g WHERE g.child_id = c.child_id AND g.guardian_id = c.guardian_id);
INSERT INTO guardians_serviceauthorisation (id, client_id, child_id, guardian_id, guardianship_id, decision, route, shown_hash,
    language, recorded_at, actor_kind, actor_id, actor_role)
SELECT g.id, g.client_id, g.child_id, g.guardian_id, g.id, 'refused', 'link', '', 'en', g.starts_at, 'user', g.client_id,
    'client_admin'
FROM guardians_guardianship g JOIN person p ON p.id = g.child_id;
"""

PROVED = """
INSERT INTO guardians_verification (id, client_id, guardianship_id, method, strength, evidence_sha256, provider, provider_check_id,
    verified_at, expires_at, ended_at)
SELECT g.id, g.client_id, g.id, (ARRAY['signed_form', 'in_person', 'payment_card'])[1 + number %% 3], 2, '', '', '', g.starts_at,
    CASE WHEN number %% 4 = 0 THEN g.starts_at + interval '1 year' END,
    CASE WHEN number %% 20 = 0 THEN g.starts_at + interval '1 day' END
FROM guardians_guardianship g JOIN person p ON p.id = g.child_id;
INSERT INTO guardians_providercheck (id, client_id, guardianship_id, provider, provider_check_id, answer_to, method, state, started_at,
    finished_at)
SELECT g.id, g.client_id, g.id, 'folder', 'of-' || number, '', 'payment_card', CASE WHEN number %% 20 = 0 THEN 'started' ELSE 'passed' END,
    g.starts_at, CASE WHEN number %% 20 > 0 THEN g.starts_at + interval '1 day' END
FROM guardians_guardianship g JOIN person p ON p.id = g.child_id;
INSERT INTO guardians_schoolauthorisation (id, client_id, child_id, contract_reference, official, starts_at, ends_at)
SELECT id, client_id, id, 'C-' || number, '\\xabab', at, CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END
FROM person WHERE number %% 2 = 0;
INSERT INTO guardians_quarantine (id, client_id, subject_id, cause, starts_at, ends_at)
SELECT id, client_id, id, CASE WHEN number %% 2 = 0 THEN 'incident' ELSE 'report' END, at,
    CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END
FROM person WHERE number %% 3 = 0;
"""

CASES = """
INSERT INTO guardians_guardianchange (id, client_id, child_id, guardianship_id, changes, state, requested_kind, requested_by,
    requested_at, ground, settled_by, settled_at)
SELECT g.id, g.client_id, g.child_id, g.id, '{"may_consent": true}', CASE WHEN number %% 20 = 0 THEN 'waiting' ELSE 'approved' END,
    'user', g.client_id, g.starts_at, 'Seen', CASE WHEN number %% 20 > 0 THEN g.child_id END,
    CASE WHEN number %% 20 > 0 THEN g.starts_at + interval '1 day' END
FROM guardians_guardianship g JOIN person p ON p.id = g.child_id;
INSERT INTO guardians_guardianconflict (id, client_id, child_id, purpose_code, opened_at, closed_at, outcome)
SELECT id, client_id, id, '', at, CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END,
    CASE WHEN number %% 20 > 0 THEN 'agreed' ELSE '' END
FROM person WHERE number %% 2 = 0;
INSERT INTO requests_rightsrequest (id, client_id, number, channel, state, subject_id, language, identity_method, received_at, due_at,
    expected_by, answer_by, answered_at, closed_at, guardian_right)
SELECT id, client_id, 'R' || number, (ARRAY['form', 'api', 'telephone'])[1 + number %% 3],
    CASE WHEN number %% 20 > 0 THEN 'closed' ELSE 'with_client' END, id, 'en', '', at, at + interval '30 days',
    at + interval '30 days', at + interval '30 days', CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END,
    CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END, ''
FROM person WHERE number %% 2 = 0;
UPDATE requests_rightsrequest r SET requester_id = g.guardian_id, guardian_right = 'erasure'
FROM guardians_guardianship g WHERE r.id = r.subject_id AND g.child_id = r.subject_id AND g.client_id = r.client_id;
INSERT INTO requests_requestpart (id, client_id, request_id, kind, decider, decision, refusal_code, decided_kind)
SELECT id, client_id, id, CASE guardian_right WHEN '' THEN 'child_concern' ELSE guardian_right END, 'client', '', '', ''
FROM requests_rightsrequest WHERE id = subject_id;
INSERT INTO erasures_erasureproposal (id, client_id, number, subject_id, extent, reason, stage, seen, state, requested_kind,
    requested_by, requested_role, requested_at, ground, settled_role, cancelled_kind, cancelled_role, settled_by, settled_at, ended_at)
SELECT id, client_id, 'E' || number, id, 'whole', 'subject_request', CASE WHEN number %% 20 > 0 THEN 'cancelled' ELSE 'proposed' END,
    '{}', CASE WHEN number %% 20 > 0 THEN 'declined' ELSE 'waiting' END, 'user', client_id, 'privacy_officer', at, 'Asked', '', '', '',
    CASE WHEN number %% 20 > 0 THEN id END, CASE WHEN number %% 20 > 0 THEN at END, CASE WHEN number %% 20 > 0 THEN at END
FROM person WHERE number %% 2 = 0;
INSERT INTO mailbox_mailmessage (id, client_id, request_id, direction, state, aside_reason, message_key, size, files, received_at)
SELECT id, client_id, CASE WHEN number %% 20 > 0 THEN id END, 'in', CASE WHEN number %% 20 > 0 THEN 'request' ELSE 'aside' END,
    CASE WHEN number %% 20 > 0 THEN '' ELSE 'list' END, sha256(number::text::bytea), 1000, 0, at
FROM person WHERE number %% 2 = 0;
INSERT INTO desk_requesttask (id, client_id, request_id, kind, due_on, created_at, actor_kind, actor_id, actor_role, done_at, done_by)
SELECT id, client_id, id, 'call', (at + interval '3 days')::date, at, 'user', client_id, '',
    CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END, CASE WHEN number %% 20 > 0 THEN id END
FROM person WHERE number %% 2 = 0;
INSERT INTO people_agechange (id, client_id, subject_id, proposal_index, route, state, requested_kind, requested_by, requested_at,
    ground, settled_by, settled_at)
SELECT id, client_id, id, sha256(number::text::bytea), 'roster', CASE WHEN number %% 20 = 0 THEN 'waiting' ELSE 'approved' END,
    'user', client_id, at, '', CASE WHEN number %% 20 > 0 THEN id END, CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END
FROM person WHERE number %% 2 = 0;
INSERT INTO people_readmission (id, client_id, subject_id, requested_by, requested_at, ground, approved_by, approved_at)
SELECT id, client_id, id, client_id, at, 'Back', CASE WHEN number %% 20 > 0 THEN id END,
    CASE WHEN number %% 20 > 0 THEN at + interval '1 day' END
FROM person WHERE number %% 3 = 0;
INSERT INTO schools_rosterimport (id, client_id, state, kind, everybody, size, sha256, uploaded_at, actor_kind, actor_id, actor_role,
    confirmed_role, plan, counts, failure)
SELECT id, client_id, CASE WHEN number %% 40 = 0 THEN 'stopped' ELSE 'done' END, 'sheet', false, 1000,
    sha256(number::text::bytea), at, 'user', client_id, 'client_admin', '', '', '{}', ''
FROM person WHERE number %% 2 = 0;
"""

WORK = """
INSERT INTO data_systems_order (id, client_id, system_id, system_owner, subject_id, kind, reason, ground, categories, created_at,
    due_at, parent_kind, state, attempts, failure, fields, changed_at, ended_at)
SELECT p.id, p.client_id, s.id, s.client_id, p.id, (ARRAY['erase', 'collect'])[1 + number %% 2], 'subject_request',
    'right_of_the_person', '{credentials}', at, at + interval '20 days', '',
    CASE WHEN number %% 20 = 0 THEN 'queued' ELSE 'confirmed' END, 1, '', '{}', at, CASE WHEN number %% 20 > 0 THEN at END
FROM person p JOIN (SELECT DISTINCT ON (client_id) id, client_id FROM data_systems_system) s USING (client_id);
INSERT INTO data_systems_orderset (id, client_id, kind, reason, ground, categories, due_at, parent_kind, created_at, size, orders_hash,
    actor_kind, actor_id, actor_role)
SELECT id, client_id, 'restrict', 'subject_request', 'right_of_the_person', '{credentials}', at + interval '20 days', '', at, 30,
    number::text, 'user', client_id, 'client_admin'
FROM person WHERE number %% 3 = 0;
INSERT INTO data_systems_orderalert (id, client_id, order_id, state, attempt, raised_at)
SELECT o.id, o.client_id, o.id, 'queued', 1, at FROM data_systems_order o JOIN person p ON p.id = o.id WHERE number %% 3 = 0;
INSERT INTO webhooks_message (id, client_id, type, data, happened_at, is_shared)
SELECT id, client_id, 'consent.given', '{}', at, false FROM person WHERE client_id = %(indus)s;
INSERT INTO webhooks_delivery (id, client_id, endpoint_id, message_id, state, attempts, queued_at, due_at, done_at)
SELECT p.id, p.client_id, e.id, p.id, (ARRAY['delivered', 'delivered', 'failed'])[1 + number %% 3], 1, at, at, at
FROM person p JOIN (SELECT DISTINCT ON (client_id) id, client_id FROM webhooks_endpoint) e USING (client_id);
INSERT INTO paper_formrun (id, client_id, name, addressee, people, actor_kind, actor_id, actor_role, made_at, school_ids)
SELECT id, client_id, 'Grade ' || number, 'person', 30, 'user', client_id, 'client_admin', at,
    CASE WHEN number %% 2 = 0 AND school_id IS NOT NULL THEN ARRAY[school_id] END
FROM person WHERE number %% 3 = 0;
INSERT INTO paper_formpage (id, client_id, run_id, subject_id, purposes, position, notice_hash, asks_sharing)
SELECT p.id, p.client_id, r.id, p.id, '{newsletter}', 1000 + number, '', false
FROM (SELECT *, row_number() OVER (PARTITION BY client_id ORDER BY number) / 30 AS place FROM person) p
JOIN (SELECT id, client_id, row_number() OVER (PARTITION BY client_id ORDER BY id) - 1 AS place FROM paper_formrun) r
USING (client_id, place);
INSERT INTO paper_paperanswer (id, client_id, page_id, subject_id, answers, method, answered_on, state, recorded, entered_at)
SELECT id, client_id, id, id, '{"newsletter": true}', 'paper', at::date,
    (ARRAY['waiting', 'dismissed', 'dismissed'])[1 + number %% 3], '{}', at
FROM person WHERE client_id = %(indus)s;
"""

SCHOOLS = """
INSERT INTO schools_school (id, client_id, external_id, origin, recorded_at, changed_at, name, kind)
SELECT ('019d0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, %(indus)s, 'own-' || n, 'roster', now(), now(), 'Own ' || n,
    'school'
FROM generate_series(0, %(schools)s - 1) n;
INSERT INTO schools_school (id, client_id, external_id, origin, recorded_at, changed_at, ended_at, name, kind)
SELECT id, client_id, 'org-' || number, 'roster', at, at, CASE WHEN number %% 5 = 0 THEN at END, 'School ' || number,
    (ARRAY['school', 'school', 'district'])[1 + number %% 3]
FROM person WHERE number %% 2 = 0;
INSERT INTO schools_schoolclass (id, client_id, external_id, origin, recorded_at, changed_at, ended_at, title, kind, school_id)
SELECT id, client_id, 'class-' || number, 'roster', at, at, CASE WHEN number %% 5 = 0 THEN at END, 'Class ' || number,
    (ARRAY['homeroom', 'scheduled'])[1 + number %% 2],
    coalesce(CASE WHEN class_number = number THEN school_id END,
        ('019c0000-0000-7000-8000-' || lpad(to_hex(number - number %% 2), 12, '0'))::uuid)
FROM person;
INSERT INTO schools_enrolment (id, client_id, school_class_id, subject_id, role, external_id, origin, starts_on, recorded_at)
SELECT id, client_id, ('019c0000-0000-7000-8000-' || lpad(to_hex(class_number), 12, '0'))::uuid, id, 'student', 'enr-' || number, 'roster',
    at::date, at
FROM person;
"""

STAFF = """
INSERT INTO accounts_user (id, password, email, full_name, language, is_active, created_at)
SELECT id, '!', 'admin@' || code || '.example', 'Admin', 'en', true, now() FROM accounts_client WHERE code LIKE 'school%%';
INSERT INTO accounts_membership (id, client_id, user_id, role, starts_at)
SELECT gen_random_uuid(), id, id, 'client_admin', now() FROM accounts_client WHERE code LIKE 'school%%';
INSERT INTO accounts_apikey (id, client_id, name, prefix, digest, scopes, created_at, expires_at)
SELECT gen_random_uuid(), id, 'LMS', 'ptk_' || left(id::text, 8), sha256((id::text || n)::bytea), '{}', now(), '2099-01-01Z'
FROM accounts_client, generate_series(1, 3) n WHERE code LIKE 'school%%';
"""

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

STEPS = (PERSON, SUBJECTS, TOLD, ANSWERS, HELD, GUARDIANS, PROVED, CASES, WORK, SCHOOLS, OF_ONE, STAFF)
FILLED = sorted({table for step in STEPS for table in re.findall(r"INSERT INTO (\w+)", step)})


def school_of_indus(number: int) -> UUID:
    return UUID(f"019d0000-0000-7000-8000-{number:012x}")


def fill(superuser_url: str, *, people: int, clients: int, indus: UUID, pattern: UUID) -> None:
    """Add the rows and analyze. Indexes are created afterwards, which takes a third of the time."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        copy_clients(connection, pattern, clients)
        indexes = connection.execute(INDEXES, [FILLED]).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        given = {"people": people, "clients": clients, "indus": indus, "schools": SCHOOLS_OF_INDUS}
        given["many"] = PERSON_WITH_MANY_ROWS
        for statements in STEPS:
            for statement in statements.split(";\n"):
                if statement.strip():
                    connection.execute(statement, given)
        for _, definition in indexes:
            connection.execute(definition)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        ends_at = time.monotonic() + PATIENCE
        while unseen := connection.execute(NOT_ALL_VISIBLE, [FILLED]).fetchall():  # blocked by an autovacuum
            if time.monotonic() > ends_at:
                raise RuntimeError(f"Not vacuumed: {unseen}")
            connection.execute("VACUUM (INDEX_CLEANUP ON) " + ", ".join(name for (name,) in unseen))

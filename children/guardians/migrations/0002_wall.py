"""Guardians behind the wall, what they answered unchangeable; and what a decision is told of them, in one look."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation, _without_force

TRACKED = [
    "Guardianship",
    "Verification",
    "SchoolAuthorisation",
    "GuardianConflict",
    "GuardianChange",
    "Quarantine",
    "ChildMechanism",
    "ProviderCheck",
]


def same_pair(table, column, of, *columns):
    """Tie a row to what it names in more than the id, so that no other child's or guardian's can be named."""
    also, key = ", ".join(columns), f"{table}_{column}_same"
    add = f"ALTER TABLE {table} ADD CONSTRAINT {key} FOREIGN KEY (client_id, {column}, {also}) REFERENCES {of} (client_id, id, {also})"
    return [
        migrations.RunSQL(
            f"CREATE UNIQUE INDEX IF NOT EXISTS {of}_named_whole ON {of} (client_id, id, {also})",
            f"DROP INDEX IF EXISTS {of}_named_whole",
        ),
        migrations.RunSQL(_without_force({table, of}, add), f"ALTER TABLE {table} DROP CONSTRAINT {key}"),
    ]


FACTS = """
CREATE FUNCTION children_facts(person uuid, asked_at timestamptz) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    owner uuid := tenancy_client();
    held boolean;
    own_no json;
    named json;
BEGIN
    held := EXISTS (
        SELECT FROM children_quarantine q WHERE q.client_id = owner AND q.subject_id = person
            AND CASE WHEN asked_at IS NULL THEN q.ends_at IS NULL
                ELSE q.starts_at <= asked_at AND (q.ends_at IS NULL OR q.ends_at > asked_at) END);
    SELECT json_build_object('id', a.id, 'decision', a.decision, 'recorded_at', a.recorded_at) INTO own_no
    FROM children_serviceauthorisation a
    WHERE a.client_id = owner AND a.child_id = person AND a.guardianship_id IS NULL
        AND (asked_at IS NULL OR a.recorded_at <= asked_at)
    ORDER BY a.recorded_at DESC, a.id DESC LIMIT 1;
    IF asked_at IS NULL THEN
        SELECT json_agg(children_guardian_facts(g, NULL)) INTO named
        FROM children_guardianship g WHERE g.client_id = owner AND g.child_id = person;
    ELSE
        SELECT json_agg(children_guardian_facts(g, asked_at)) INTO named
        FROM (
            SELECT DISTINCT ON (h.id) h.id, h.client_id, h.child_id, h.guardian_id, h.starts_at, h.ends_at,
                h.may_consent, h.court_order
            FROM children_historicalguardianship h
            WHERE h.client_id = owner AND h.child_id = person AND h.history_date <= asked_at
            ORDER BY h.id, h.history_date DESC, h.history_id DESC) p
        CROSS JOIN LATERAL jsonb_populate_record(NULL::children_guardianship, to_jsonb(p)) g;
    END IF;
    IF NOT held AND own_no IS NULL AND named IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN json_build_object('quarantined', held, 'own_no', own_no, 'guardians', coalesce(named, '[]'::json));
END $$
"""

GUARDIAN = """
CREATE FUNCTION children_guardian_facts(g children_guardianship, asked_at timestamptz)
RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', g.id, 'person', g.guardian_id, 'starts_at', g.starts_at, 'ends_at', g.ends_at,
        'may_consent', g.may_consent, 'court_order', g.court_order,
        'erased_at', (SELECT s.erased_at FROM subjects_subject s WHERE s.client_id = g.client_id AND s.id = g.guardian_id),
        'verified', coalesce((
            SELECT json_agg(json_build_object(
                'strength', v.strength, 'starts_at', v.verified_at, 'ends_at', v.expires_at))
            FROM children_verification v
            WHERE v.client_id = g.client_id AND v.guardianship_id = g.id
                AND CASE WHEN asked_at IS NULL THEN v.ended_at IS NULL
                    ELSE v.verified_at <= asked_at AND (v.ended_at IS NULL OR v.ended_at > asked_at) END), '[]'::json),
        'answer', (
            SELECT json_build_object('id', a.id, 'decision', a.decision, 'recorded_at', a.recorded_at,
                'shares', a.shares, 'expires_at', a.expires_at)
            FROM children_serviceauthorisation a
            WHERE a.client_id = g.client_id AND a.child_id = g.child_id AND a.guardianship_id = g.id
                AND (asked_at IS NULL OR a.recorded_at <= asked_at)
            ORDER BY a.recorded_at DESC, a.id DESC LIMIT 1))
$$
"""
"""One guardian as ``children.guardians.authority.Guardian`` has it; moments that are still to come are judged there."""


class Migration(migrations.Migration):
    dependencies = [("children", "0001_children"), ("subjects", "0012_rosters_wall"), ("files", "0002_wall")]
    operations = [
        *(TenantIsolation(model) for model in [*TRACKED, "ServiceAuthorisation"]),
        *(TenantIsolation(f"Historical{model}") for model in TRACKED),
        *(AppendOnly(f"Historical{model}") for model in TRACKED),
        AppendOnly("ServiceAuthorisation"),
        SameClientForeignKey("Guardianship", "child", "subjects.Subject"),
        SameClientForeignKey("Guardianship", "guardian", "subjects.Subject"),
        SameClientForeignKey("Verification", "guardianship", "Guardianship"),
        SameClientForeignKey("Verification", "file", "files.SealedFile"),
        SameClientForeignKey("ServiceAuthorisation", "child", "subjects.Subject"),
        SameClientForeignKey("ServiceAuthorisation", "guardian", "subjects.Subject"),
        SameClientForeignKey("ServiceAuthorisation", "guardianship", "Guardianship"),
        SameClientForeignKey("ServiceAuthorisation", "verification", "Verification"),
        SameClientForeignKey("ServiceAuthorisation", "file", "files.SealedFile"),
        SameClientForeignKey("SchoolAuthorisation", "child", "subjects.Subject"),
        SameClientForeignKey("GuardianConflict", "child", "subjects.Subject"),
        SameClientForeignKey("GuardianChange", "child", "subjects.Subject"),
        SameClientForeignKey("GuardianChange", "guardianship", "Guardianship"),
        SameClientForeignKey("Quarantine", "subject", "subjects.Subject"),
        SameClientForeignKey("ProviderCheck", "guardianship", "Guardianship"),
        *same_pair("children_serviceauthorisation", "guardianship_id", "children_guardianship", "child_id", "guardian_id"),
        *same_pair("children_serviceauthorisation", "verification_id", "children_verification", "guardianship_id"),
        migrations.RunSQL(
            "CREATE INDEX children_historicalguardianship_of_child ON children_historicalguardianship "
            "(client_id, child_id, id, history_date DESC, history_id DESC)",
            "DROP INDEX children_historicalguardianship_of_child",
        ),
        migrations.RunSQL(GUARDIAN, "DROP FUNCTION children_guardian_facts(children_guardianship, timestamptz)"),
        migrations.RunSQL(FACTS, "DROP FUNCTION children_facts(uuid, timestamptz)"),
    ]

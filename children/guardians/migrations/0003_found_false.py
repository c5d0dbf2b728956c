"""What a false verification opened is told no more; who was once verified is, so that their no stays.

An answer that stood on a verification since found false is passed over, and the one before it counts. ``once_verified_at``
counts the false ones too: finding one false closes, and never opens (decision 0036).
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("children.guardians.migrations.0002_wall").GUARDIAN
ANSWERED = "AND (asked_at IS NULL OR a.recorded_at <= asked_at)"
NOT_FALSE = f"""{ANSWERED}
                AND NOT EXISTS (
                    SELECT FROM children_verification f
                    WHERE f.client_id = a.client_id AND f.id = a.verification_id
                        AND f.ended_at <= coalesce(asked_at, 'infinity'))"""
VERIFIED = "'verified', coalesce(("
ONCE = f"""'once_verified_at', (
            SELECT min(o.verified_at) FROM children_verification o
            WHERE o.client_id = g.client_id AND o.guardianship_id = g.id
                AND (asked_at IS NULL OR o.verified_at <= asked_at)),
        {VERIFIED}"""
REPLACED = BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
AFTER = REPLACED.replace(ANSWERED, NOT_FALSE).replace(VERIFIED, ONCE)


class Migration(migrations.Migration):
    dependencies = [("children", "0002_wall")]
    operations = [migrations.RunSQL(AFTER, REPLACED)]

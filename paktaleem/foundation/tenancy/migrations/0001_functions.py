"""The functions on which every policy and trigger of the wall stands."""

from django.db import migrations

CLIENT = """
CREATE FUNCTION tenancy_client() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE setting text := current_setting('paktaleem.client', true);
BEGIN
    IF setting IS NULL OR setting = '' THEN
        RAISE EXCEPTION 'no client context' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN setting::uuid;
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION tenancy_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are evidence and are never changed', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(CLIENT, "DROP FUNCTION tenancy_client()"),
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION tenancy_refuse_change()"),
    ]

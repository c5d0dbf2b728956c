"""Webhooks behind the wall, and the outbox: what happens becomes messages in the transaction in which it happens.

Where nobody subscribed a statement costs one look at an empty list. Changes that decisions rest on are told person by
person as long as they are few; a roster of thousands is told once, without a person: drop everything you remember.
"""

from django.db import migrations

from paktaleem.foundation.tenancy.ids import PAKTALEEM
from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation

FEW = 20

CONSENT = ("event", "purpose", "expires_at")
NOTICE = ("notice", "number", "material")
EVENTS = [
    *(
        (f"consent.{state}", f"consent.{state}", "", CONSENT, False)
        for state in ("requested", "deferred", "given", "refused", "withdrawn", "revoked", "invalidated")
    ),
    ("notice.announced", "notice.announced", "", (*NOTICE, "effective_at"), True),
    ("notice.published", "notice.published", "", (*NOTICE, "effective_at"), True),
    ("notice.dispatched", "notice.dispatched", "", (*NOTICE, "takes_effect_at"), False),
    ("notice.took_effect", "notice.took_effect", "", (*NOTICE, "took_effect_at"), False),
    ("recipient.added", "register.added", "consent.recipient", ("id",), True),
    ("recipient.changed", "register.changed", "consent.recipient", ("id",), True),
    ("guardian.claimed", "guardian.claimed", "", ("guardian",), False),
    ("subject.erased", "subject.erased", "", (), False),
    ("subject.readmitted", "subject.readmitted", "", (), False),
]


def catalogue(events):
    """Write the events as rows of SQL."""
    rows = (
        f"('{name}', '{kind}', '{row}', ARRAY[{', '.join(f"'{fact}'" for fact in facts)}]::text[], {str(shared).lower()})"
        for name, kind, row, facts, shared in events
    )
    return ",\n        ".join(rows)


LISTENS = "e.client_id = {client} AND e.removed_at IS NULL AND e.events && ARRAY[{type}, split_part({type}, '.', 1) || '.*']::varchar[]"

NEW_ID = """
CREATE FUNCTION webhooks_new_id() RETURNS uuid LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$
"""
"""A UUIDv7 (RFC 9562 §5.7), whose order is that of time, as the portal makes them."""

DELIVER = f"""
CREATE FUNCTION webhooks_deliver(told uuid[]) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO webhooks_delivery (id, client_id, endpoint_id, message_id, state, attempts, queued_at, due_at)
    SELECT webhooks_new_id(), m.client_id, e.id, m.id, 'waiting', 0, m.happened_at, m.happened_at
    FROM webhooks_message m JOIN webhooks_endpoint e ON e.disabled_at IS NULL AND e.created_at <= m.happened_at AND {LISTENS.format(client="m.client_id", type="m.type")}
    WHERE m.id = ANY(told)
    ON CONFLICT DO NOTHING
$$
"""


def tell_entries(events):
    """Give the trigger that turns the ledger's entries into messages."""
    return f"""
CREATE OR REPLACE FUNCTION webhooks_tell_entries() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE told uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM webhooks_endpoint WHERE removed_at IS NULL)
        AND NOT EXISTS (SELECT FROM added WHERE client_id = '{PAKTALEEM}') THEN
        RETURN NULL;
    END IF;
    WITH known (type, kind, about, facts, is_shared) AS (VALUES
        {catalogue(events)}
    ), found AS (
        SELECT a.*, k.type, k.facts, k.is_shared AND a.client_id = '{PAKTALEEM}' AS is_shared
        FROM added a JOIN known k ON k.kind = a.kind
            AND (k.about = '' OR k.about = a.body::jsonb #>> '{{facts,row}}')
    ), written AS (
        INSERT INTO webhooks_message (id, client_id, type, entry_id, subject_id, data, happened_at, is_shared)
        SELECT webhooks_new_id(), f.client_id, f.type, f.id, f.subject_id, coalesce((
                SELECT jsonb_object_agg(name, f.body::jsonb #> ARRAY['facts', name])
                FROM unnest(f.facts) name WHERE f.body::jsonb #> ARRAY['facts', name] IS NOT NULL
            ), '{{}}'), f.recorded_at, f.is_shared
        FROM found f
        WHERE f.is_shared OR EXISTS (SELECT FROM webhooks_endpoint e WHERE {LISTENS.format(client="f.client_id", type="f.type")})
        RETURNING id
    )
    SELECT array_agg(id) INTO told FROM written;
    IF told IS NOT NULL THEN
        PERFORM webhooks_deliver(told);
    END IF;
    RETURN NULL;
END $$
"""


TELL_CHANGES = f"""
CREATE FUNCTION webhooks_tell_changes() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE told uuid[];
BEGIN
    IF NOT EXISTS (
        SELECT FROM webhooks_endpoint e
        WHERE e.removed_at IS NULL AND e.events && ARRAY['decision.invalidated', 'decision.*']::varchar[]
    ) THEN
        RETURN NULL;
    END IF;
    WITH changed AS (
        SELECT a.client_id, a.subject_id, a.purpose_code, max(a.noted_at) AS noted_at FROM added a
        GROUP BY a.client_id, a.subject_id, a.purpose_code
    ), counted AS (
        SELECT c.*, count(*) OVER (PARTITION BY c.client_id) <= {FEW} AS few FROM changed c
    ), listed AS (
        SELECT client_id, subject_id, purpose_code, noted_at FROM counted WHERE few
        UNION ALL
        SELECT client_id, NULL, '', max(noted_at) FROM counted WHERE NOT few GROUP BY client_id
    ), written AS (
        INSERT INTO webhooks_message (id, client_id, type, subject_id, data, happened_at, is_shared)
        SELECT webhooks_new_id(), l.client_id, 'decision.invalidated', l.subject_id,
            CASE WHEN l.purpose_code = '' THEN '{{}}'::jsonb ELSE jsonb_build_object('purpose', l.purpose_code) END,
            l.noted_at, false
        FROM listed l
        WHERE EXISTS (SELECT FROM webhooks_endpoint e WHERE {LISTENS.format(client="l.client_id", type="'decision.invalidated'")})
        RETURNING id
    )
    SELECT array_agg(id) INTO told FROM written;
    IF told IS NOT NULL THEN
        PERFORM webhooks_deliver(told);
    END IF;
    RETURN NULL;
END $$
"""

TELL_REGISTER = f"""
CREATE FUNCTION webhooks_tell_register() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE told uuid[];
BEGIN
    WITH written AS (
        INSERT INTO webhooks_message (id, client_id, type, data, happened_at, is_shared)
        SELECT webhooks_new_id(), a.client_id, 'decision.invalidated', '{{}}', max(a.noted_at), a.client_id = '{PAKTALEEM}'
        FROM added a
        WHERE a.client_id = '{PAKTALEEM}' OR EXISTS (
            SELECT FROM webhooks_endpoint e WHERE {LISTENS.format(client="a.client_id", type="'decision.invalidated'")})
        GROUP BY a.client_id
        RETURNING id
    )
    SELECT array_agg(id) INTO told FROM written;
    IF told IS NOT NULL THEN
        PERFORM webhooks_deliver(told);
    END IF;
    RETURN NULL;
END $$
"""


def outbox(table, function):
    """Run a function after every statement that adds rows to a table."""
    return migrations.RunSQL(
        f"CREATE TRIGGER tells_webhooks AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        f"DROP TRIGGER tells_webhooks ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_webhooks"), ("ledger", "0003_family_and_lists_by_index"), ("accounts", "0002_wall")]
    operations = [
        TenantIsolation("Endpoint"),
        TenantIsolation("HistoricalEndpoint"),
        AppendOnly("HistoricalEndpoint"),
        TenantIsolation("EndpointSecret"),
        TenantIsolation("EndpointHealth"),
        TenantIsolation("Message"),
        TenantIsolation("Delivery"),
        TenantIsolation("Attempt"),
        AppendOnly("Attempt"),
        SameClientForeignKey("EndpointSecret", "endpoint", "Endpoint"),
        SameClientForeignKey("EndpointHealth", "endpoint", "Endpoint"),
        SameClientForeignKey("Delivery", "endpoint", "Endpoint"),
        SameClientForeignKey("Delivery", "message", "Message"),
        SameClientForeignKey("Attempt", "delivery", "Delivery"),
        migrations.RunSQL(NEW_ID, "DROP FUNCTION webhooks_new_id()"),
        migrations.RunSQL(DELIVER, "DROP FUNCTION webhooks_deliver(uuid[])"),
        migrations.RunSQL(tell_entries(EVENTS), "DROP FUNCTION webhooks_tell_entries()"),
        outbox("ledger_entry", "webhooks_tell_entries"),
        migrations.RunSQL(TELL_CHANGES, "DROP FUNCTION webhooks_tell_changes()"),
        migrations.RunSQL(TELL_REGISTER, "DROP FUNCTION webhooks_tell_register()"),
    ]

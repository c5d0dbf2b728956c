"""The register and consents behind the wall; evidence is append-only; every change raises the register's version."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled

CATALOGUE = [
    "DataCategory",
    "Occasion",
    "Purpose",
    "BalancingTest",
    "LawfulBasis",
    "Recipient",
    "RecipientApproval",
    "Notice",
    "NoticeVersion",
]
OWN = ["ServiceAgreement", "AgreementSuspension", "Instruction", "Restriction", "Objection"]

RAISE_VERSION = """
CREATE FUNCTION consent_raise_register_version() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE owner uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
    INSERT INTO consent_registerversion (id, client_id, version) VALUES (owner, owner, 1)
    ON CONFLICT (client_id) DO UPDATE SET version = consent_registerversion.version + 1;
    RETURN NULL;
END $$
"""


def raises_version(table, column="client_id"):
    """Raise the register's version of the row's client whenever a row of this table is written."""
    return migrations.RunSQL(
        f"CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION consent_raise_register_version('{column}')",
        f"DROP TRIGGER raises_register_version ON {table}",
    )


REGISTER_TABLES = [f"consent_{model.lower()}" for model in CATALOGUE + OWN[:3]]


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_register"), ("subjects", "0002_wall")]
    operations = [
        *(Walled(model, shared=True) for model in [*CATALOGUE, "RegisterVersion"]),
        *(Walled(model) for model in OWN),
        *(Walled(f"Historical{model}", shared=True) for model in CATALOGUE),
        *(Walled(f"Historical{model}") for model in OWN),
        *(AppendOnly(f"Historical{model}") for model in CATALOGUE + OWN),
        Walled("ConsentEvent"),
        Walled("Consent"),
        AppendOnly("ConsentEvent"),
        AppendOnly("NoticeVersion"),
        BelongsTo("BalancingTest", "purpose", "Purpose", owner="purpose_owner"),
        BelongsTo("LawfulBasis", "purpose", "Purpose", owner="purpose_owner"),
        BelongsTo("LawfulBasis", "balancing_test", "BalancingTest"),
        BelongsTo("RecipientApproval", "recipient", "Recipient", owner="recipient_owner"),
        BelongsTo("NoticeVersion", "notice", "Notice", owner="notice_owner"),
        BelongsTo("AgreementSuspension", "agreement", "ServiceAgreement"),
        BelongsTo("Instruction", "agreement", "ServiceAgreement"),
        BelongsTo("Restriction", "subject", "subjects.Subject"),
        BelongsTo("Objection", "subject", "subjects.Subject"),
        BelongsTo("ConsentEvent", "subject", "subjects.Subject"),
        BelongsTo("ConsentEvent", "guardian", "subjects.Subject"),
        BelongsTo("ConsentEvent", "purpose", "Purpose", owner="purpose_owner"),
        BelongsTo("ConsentEvent", "notice_version", "NoticeVersion", owner="notice_version_owner"),
        BelongsTo("Consent", "subject", "subjects.Subject"),
        BelongsTo("Consent", "purpose", "Purpose", owner="purpose_owner"),
        BelongsTo("Consent", "event", "ConsentEvent"),
        migrations.RunSQL(RAISE_VERSION, "DROP FUNCTION consent_raise_register_version()"),
        *(raises_version(table) for table in REGISTER_TABLES),
        raises_version("accounts_client", "id"),
    ]

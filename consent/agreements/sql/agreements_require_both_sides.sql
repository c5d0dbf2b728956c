-- Trigger function of consent_serviceagreement and its history: refuses that an agreement is signed, or its signature
-- changes, unless a signing of it was approved at that time, which takes two people (agreementsigning_by_two_people).
-- A sandbox, which has no real people, needs no signatures.
CREATE OR REPLACE FUNCTION agreements_require_both_sides() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
            SELECT FROM agreements_agreementsigning s
            WHERE s.client_id = NEW.client_id
                AND s.agreement_id = NEW.id
                AND s.state = 'approved'
                AND s.settled_at = NEW.signed_at
        )
        AND NOT EXISTS (SELECT FROM accounts_client WHERE id = NEW.client_id AND is_sandbox)
    THEN
        RAISE EXCEPTION 'an agreement is signed by both sides' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

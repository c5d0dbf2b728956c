-- Trigger function of the register: refuses a row that weakens a safeguard unless this transaction has approved the
-- change (accounts_proposedchange), which takes two people: at a client a lawful basis other than consent that was not in
-- force without it; among PakTaleem's own, which the portal sets up, another one instead of consent or after one that has
-- ended; PakTaleem as controller or joint controller of a purpose in use, a purpose that no longer only serves open
-- accounts, a restriction that ends, the approval of a recipient, or other terms of an approved one. Also refuses a
-- client's lawful basis where PakTaleem is controller, and an approval of PakTaleem's that is not announced. A sandbox,
-- which has no real people, needs no second person.
CREATE OR REPLACE FUNCTION consent_require_second_person() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    is_weaker boolean := TG_TABLE_NAME IN (
        'consent_purpose', 'consent_restriction', 'consent_recipient', 'consent_recipientapproval'
    );
    named text;
    last_end timestamptz;
    by_power CONSTANT text[] := ARRAY['processor', 'joint_controller', 'controller'];
BEGIN
    IF NOT is_weaker THEN
        SELECT code INTO named FROM consent_purpose WHERE id = NEW.purpose_id;
    END IF;
    IF TG_TABLE_NAME = 'consent_recipientapproval' THEN
        IF NEW.client_id = '01900000-0000-7000-8000-000000000001' AND NEW.announced_as IS NULL THEN
            RAISE EXCEPTION 'a recipient of PakTaleem is announced to the clients'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF TG_TABLE_NAME = 'consent_recipient' THEN
        is_weaker := EXISTS (
            SELECT FROM consent_recipientapproval a WHERE a.client_id = NEW.client_id AND a.recipient_id = NEW.id
        );
    ELSIF TG_TABLE_NAME = 'consent_purposecapacity' THEN
        is_weaker := array_position(by_power, NEW.capacity)
                > array_position(by_power, consent_capacity_at(NEW.client_id, named, NEW.starts_at))
            AND (
                EXISTS (
                    SELECT FROM consent_lawfulbasis b JOIN consent_purpose p ON p.id = b.purpose_id
                    WHERE p.code = named AND b.client_id IN (NEW.client_id, '01900000-0000-7000-8000-000000000001')
                        AND b.ends_at IS DISTINCT FROM b.starts_at
                )
                -- PakTaleem's context does not see the bases that clients may have set since the purpose was added.
                OR NEW.client_id = '01900000-0000-7000-8000-000000000001'
                    AND EXISTS (
                        SELECT FROM consent_historicalpurpose h
                        WHERE h.id = NEW.purpose_id AND h.history_date < NEW.starts_at
                    )
            );
    ELSIF TG_TABLE_NAME = 'consent_lawfulbasis' AND TG_OP = 'INSERT' THEN
        IF NEW.client_id <> '01900000-0000-7000-8000-000000000001'
            AND consent_capacity_at(NEW.client_id, named, NEW.starts_at) = 'controller'
        THEN
            RAISE EXCEPTION 'the basis is PakTaleem''s to set: it is controller for the purpose'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT max(b.ends_at) INTO last_end
        FROM consent_lawfulbasis b JOIN consent_purpose p ON p.id = b.purpose_id
        WHERE p.code = named
            AND b.role = NEW.role
            AND b.client_id IN (NEW.client_id, '01900000-0000-7000-8000-000000000001')
            AND b.ends_at <= NEW.starts_at
            AND b.ends_at > b.starts_at;
        is_weaker := NEW.basis <> 'consent'
            AND CASE
                WHEN NEW.client_id = '01900000-0000-7000-8000-000000000001' THEN
                    coalesce(
                        consent_basis_at(NEW.client_id, named, NEW.role, NEW.starts_at, NEW.id),
                        consent_basis_at(NEW.client_id, named, NEW.role, last_end - interval '1 microsecond', NEW.id)
                    ) = 'consent'
                ELSE
                    consent_basis_at(NEW.client_id, named, NEW.role, NEW.starts_at, NEW.id) IS DISTINCT FROM NEW.basis
            END;
    ELSIF TG_TABLE_NAME = 'consent_lawfulbasis' THEN
        is_weaker := NEW.basis <> 'consent' AND NEW.basis <> OLD.basis
            OR OLD.basis = 'consent'
                AND NEW.ends_at < coalesce(OLD.ends_at, 'infinity')
                AND consent_basis_at(NEW.client_id, named, NEW.role, NEW.ends_at, NEW.id) <> 'consent'
            OR NEW.client_id <> '01900000-0000-7000-8000-000000000001'
                AND NEW.basis <> 'consent'
                AND OLD.ends_at < coalesce(NEW.ends_at, 'infinity')
                AND consent_basis_at(NEW.client_id, named, NEW.role, OLD.ends_at, NEW.id) IS DISTINCT FROM NEW.basis;
    END IF;
    IF is_weaker
        AND NOT EXISTS (SELECT FROM accounts_client WHERE id = NEW.client_id AND is_sandbox)
        AND NOT EXISTS (
            SELECT FROM accounts_proposedchange c
            WHERE c.client_id = NEW.client_id
                AND c.row = NEW.id
                AND c.state = 'approved'
                AND c.xact = pg_current_xact_id()::text::bigint
        )
    THEN
        RAISE EXCEPTION 'a weaker safeguard needs the approval of a second person'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Trigger function of consent_purpose: refuses new data categories, and other words, unless this transaction has recorded
-- them as a widening of the purpose, which outdates earlier consents.
CREATE OR REPLACE FUNCTION consent_require_widening() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT NEW.categories <@ OLD.categories AND NOT EXISTS (
        SELECT FROM consent_purposewidening w
        WHERE w.client_id = NEW.client_id
            AND w.purpose_id = NEW.id
            AND w.xact = pg_current_xact_id()::text::bigint
            AND w.kind = 'categories'
            AND NEW.categories <@ (OLD.categories || w.added)
    ) THEN
        RAISE EXCEPTION 'new categories of a purpose are recorded as its widening'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.name_en, NEW.name_ur, NEW.description_en, NEW.description_ur, NEW.dpv_term, NEW.automated)
        <> (OLD.name_en, OLD.name_ur, OLD.description_en, OLD.description_ur, OLD.dpv_term, OLD.automated)
        AND NOT EXISTS (
            SELECT FROM consent_purposewidening w
            WHERE w.client_id = NEW.client_id
                AND w.purpose_id = NEW.id
                AND w.xact = pg_current_xact_id()::text::bigint
                AND w.kind = 'words'
        )
    THEN
        RAISE EXCEPTION 'other words of a purpose are recorded as its widening'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Trigger function of consent_noticedispatch: refuses to change what proves an announcement (when it was dispatched
-- and proven, when it takes effect, which version it is of).
CREATE OR REPLACE FUNCTION consent_keep_proof() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF OLD.dispatched_at IS NOT NULL AND (OLD.dispatched_at, OLD.proven_at, OLD.takes_effect_at)
        IS DISTINCT FROM (NEW.dispatched_at, NEW.proven_at, NEW.takes_effect_at)
        OR (OLD.id, OLD.client_id, OLD.version_id) IS DISTINCT FROM (NEW.id, NEW.client_id, NEW.version_id)
    THEN
        RAISE EXCEPTION 'what proves an announcement is never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

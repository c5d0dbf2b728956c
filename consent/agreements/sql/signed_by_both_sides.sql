-- Before the signature of an agreement changes, or a person adds a signed one: require the signatures of both sides.
-- The portal itself adds signed ones, such as the demonstration's; who added a row is known from its history.
CREATE TRIGGER signed_by_both_sides BEFORE UPDATE ON consent_serviceagreement
    FOR EACH ROW WHEN (NEW.signed_at IS DISTINCT FROM OLD.signed_at)
    EXECUTE FUNCTION agreements_require_both_sides();
CREATE TRIGGER signed_by_both_sides BEFORE INSERT ON consent_historicalserviceagreement
    FOR EACH ROW WHEN (NEW.history_type = '+' AND NEW.actor_kind = 'user' AND NEW.signed_at IS NOT NULL)
    EXECUTE FUNCTION agreements_require_both_sides();

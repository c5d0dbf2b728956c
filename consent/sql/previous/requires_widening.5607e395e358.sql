-- Before a purpose gets new data categories: require that its widening is recorded.
CREATE TRIGGER requires_widening BEFORE UPDATE OF categories ON consent_purpose
    FOR EACH ROW WHEN (NOT NEW.categories <@ OLD.categories)
    EXECUTE FUNCTION consent_require_widening();

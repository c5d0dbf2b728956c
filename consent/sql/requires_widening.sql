-- Before a purpose changes: require that its widening is recorded if it gets new data categories or other words.
CREATE TRIGGER requires_widening BEFORE UPDATE ON consent_purpose
    FOR EACH ROW
    EXECUTE FUNCTION consent_require_widening();

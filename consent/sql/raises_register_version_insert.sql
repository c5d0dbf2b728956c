-- When a dispatch of a notice is recorded together with its date of effect, or a client objects to a recipient or
-- withdraws that: raise the version of the client's register.
CREATE TRIGGER raises_register_version_insert AFTER INSERT ON consent_noticedispatch
    FOR EACH ROW WHEN (NEW.takes_effect_at IS NOT NULL)
    EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version_insert AFTER INSERT ON consent_noticeresponse
    FOR EACH ROW WHEN (NEW.kind IN ('objected', 'withdrawn'))
    EXECUTE FUNCTION consent_raise_register_version('client_id');

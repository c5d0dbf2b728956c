-- When a row of a client's register is written: raise the version of that register.
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON accounts_client
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON guardians_childmechanism
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_agreementsuspension
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_balancingtest
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_datacategory
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_instruction
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_lawfulbasis
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_notice
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_noticeversion
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_occasion
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_purpose
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_purposecapacity
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_purposewidening
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_recipient
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_recipientapproval
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');
CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON consent_serviceagreement
    FOR EACH ROW EXECUTE FUNCTION consent_raise_register_version('client_id');

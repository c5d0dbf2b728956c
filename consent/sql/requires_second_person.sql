-- Before a row of the register is written that may weaken a safeguard: require the approval of a second person.
CREATE TRIGGER requires_second_person BEFORE INSERT OR UPDATE ON consent_lawfulbasis
    FOR EACH ROW EXECUTE FUNCTION consent_require_second_person();
CREATE TRIGGER requires_second_person BEFORE INSERT ON consent_purposecapacity
    FOR EACH ROW EXECUTE FUNCTION consent_require_second_person();
CREATE TRIGGER requires_second_person BEFORE INSERT ON consent_recipientapproval
    FOR EACH ROW EXECUTE FUNCTION consent_require_second_person();

-- Before a dispatch of a notice changes: keep its proof.
CREATE TRIGGER keeps_proof BEFORE UPDATE ON consent_noticedispatch
    FOR EACH ROW EXECUTE FUNCTION consent_keep_proof();

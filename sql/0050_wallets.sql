-- 0050_wallets.sql - one wallet is one person's, in the same second too; and what an auditor asks of agents.

SET LOCAL ROLE kheya_owner;

-- Does money or an application of somebody else name this wallet?  A person is the last numbers of the NID card and the birth date.
CREATE FUNCTION kheya.wallet_taken(wallet text, nid text, dob text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog
AS $$
    SELECT EXISTS (SELECT FROM kheya.case_file f
                    WHERE f.fields ->> 'wallet' = wallet_taken.wallet
                      AND f.state NOT IN ('rejected', 'withdrawn')
                      AND NOT (right(f.fields ->> 'nid', 4) = right(wallet_taken.nid, 4) AND f.fields ->> 'dob' = wallet_taken.dob))
        OR EXISTS (SELECT FROM svc.payment p JOIN svc.beneficiary b ON b.id = p.beneficiary
                    WHERE p.wallet = wallet_taken.wallet AND b.nid4 <> right(wallet_taken.nid, 4))
$$;
REVOKE ALL ON FUNCTION kheya.wallet_taken(text, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION svc.agent_wallet(agent text, wallet text, nid text, dob date) RETURNS TABLE (state text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT CASE
        WHEN kheya.is_agents_own(agent_wallet.agent, agent_wallet.wallet) THEN 'own'
        WHEN kheya.wallet_taken(agent_wallet.wallet, agent_wallet.nid, to_char(agent_wallet.dob, 'YYYY-MM-DD')) THEN 'taken'
        ELSE 'free' END
$$;

-- Two agents in the same second both saw it free.  The second one to be written is refused: her step is lost, she sends again, and
-- then reads that it is taken.
CREATE FUNCTION kheya.one_wallet() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.fields ->> 'wallet', 333));
    IF kheya.wallet_taken(NEW.fields ->> 'wallet', NEW.fields ->> 'nid', NEW.fields ->> 'dob') THEN
        RAISE EXCEPTION 'a wallet for two people, of agent %', left(NEW.msisdn, 5) || '******' || right(NEW.msisdn, 2)
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION kheya.one_wallet() FROM PUBLIC;
CREATE TRIGGER one_wallet BEFORE INSERT ON kheya.case_file
    FOR EACH ROW WHEN (NEW.service = 'assisted_application' AND NEW.fields ? 'wallet') EXECUTE FUNCTION kheya.one_wallet();

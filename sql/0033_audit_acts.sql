-- 0033_audit_acts.sql - what operators do from the command line to lists, menus, queues and people's messages is told in the
-- audit by the same statement, with the program and the login of who did it.

SET LOCAL ROLE kheya_owner;

CREATE OR REPLACE FUNCTION kheya.audit_act(about text, act text, told jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('audit ' || audit_act.about, 0));
    INSERT INTO kheya.audit (bucket, msisdn, code, turn, at, seq, actor, event, fields)
    SELECT kheya.bucket(''), '', audit_act.about,
           coalesce((SELECT max(a.turn) FROM kheya.audit a
                      WHERE a.bucket = kheya.bucket('') AND a.msisdn = '' AND a.code = audit_act.about), 0) + 1,
           (extract(epoch FROM now()) * 1000)::bigint, 0, 'operator', audit_act.act,
           audit_act.told || jsonb_build_object('login', session_user, 'program', current_setting('application_name'))
$$;

-- Who may write rows of the audit may write them this way.
GRANT EXECUTE ON FUNCTION kheya.audit_act(text, text, jsonb) TO kheya_daemon, kheya_operator;

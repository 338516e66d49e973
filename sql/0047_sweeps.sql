-- 0047_sweeps.sql - letters that an agency's system refused for good are kept for an operator, and then go.

SET LOCAL ROLE kheya_owner;

-- A sweep reads the head of it.
CREATE INDEX backend_queue_refused ON kheya.backend_queue (changed) WHERE state = 2;

GRANT DELETE ON kheya.backend_queue TO kheya_daemon;

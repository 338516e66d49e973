-- 0007_otp.sql - one-time codes do not stay in the outbox.

SET LOCAL ROLE kheya_owner;

-- The text of a message of class otp is emptied once bearerbox took it, or it
-- failed, or five minutes are over: the daemon looks for the last with this.
CREATE INDEX outbox_otp ON kheya.outbox (created) WHERE class = 'otp' AND state < 2;

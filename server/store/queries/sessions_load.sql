-- $1 hash of the session id, $2 idle hours, $3 absolute hours.
WITH live AS (
    SELECT s.id, s.user_id, s.data, s.last_seen_at < clock_timestamp() - interval '1 minute' AS is_stale
      FROM sessions s
      JOIN users u ON u.id = s.user_id
     WHERE s.token_hash = $1
       AND s.revoked_at IS NULL
       AND u.disabled_at IS NULL
       AND s.last_seen_at > clock_timestamp() - make_interval(hours => $2)
       AND s.created_at > clock_timestamp() - make_interval(hours => $3)
), touched AS (
    UPDATE sessions SET last_seen_at = clock_timestamp() FROM live WHERE sessions.id = live.id AND live.is_stale
)
SELECT id, user_id, data FROM live

-- What an instance that has been running has done long ago: counted its rows, and told its servers of new keys.
UPDATE config_version SET version = version + 1;
NOTIFY config;
VACUUM (ANALYZE) attempts;
VACUUM (ANALYZE) bodies;
VACUUM (ANALYZE) request_words;
VACUUM (ANALYZE) retried;
VACUUM (ANALYZE) feedback;
VACUUM (ANALYZE) runs, cells, samples, sample_requests, pair_votes, virtual_keys, users, memberships;

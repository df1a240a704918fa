-- What the other files roll: the same numbers in every run, whatever the version of Postgres.
SET client_min_messages = warning;
SET jit = off;
SET gin_pending_list_limit = 262144;
SELECT id AS team_id FROM teams WHERE slug = :'team' \gset

-- From 0 to sides - 1, by a number and what it is rolled for.
CREATE FUNCTION pg_temp.roll(n bigint, what integer, sides integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT ((hashint8extended(n, what) & 9223372036854775807) % sides)::integer
$$;

-- The same, where most are small and few are large: tokens, times, ranks of words.
CREATE FUNCTION pg_temp.skewed(n bigint, what integer, most integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (most * power(pg_temp.roll(n, what, 1000000) / 1000000.0::float8, 3))::integer
$$;

-- A version 7 id of that time. Bodies of one expression become part of the statement that calls them: no function call is left.
CREATE FUNCTION pg_temp.id_at(t timestamptz, n bigint, what integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0')
            || overlay(overlay(right(md5(n::text || '/' || what::text), 20) PLACING '7' FROM 1) PLACING '8' FROM 5))::uuid
$$;

-- An id that depends on nothing but its number.
CREATE FUNCTION pg_temp.id_of(n bigint, what integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_temp.id_at('2026-01-01 00:00+00', n, what)
$$;

-- Call n of `calls` in the 30 days before `until`: rising with n, more of them by day than by night.
CREATE FUNCTION pg_temp.time_of(n bigint, calls bigint, until timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT until - interval '30 days' + make_interval(secs => 86400 * (30.0::float8 * n / (calls + 1) - 0.1 * sin(60 * pi() * n / (calls + 1))))
$$;

-- A word by its rank: a few that programmers say all the time, then four thousand that nobody else says.
CREATE FUNCTION pg_temp.word(rank integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN rank < 64 THEN (ARRAY[
        'the', 'function', 'error', 'returns', 'value', 'test', 'file', 'why', 'string', 'list', 'index', 'loop', 'type',
        'struct', 'thread', 'async', 'buffer', 'stream', 'parser', 'token', 'cache', 'query', 'table', 'commit', 'branch',
        'merge', 'review', 'module', 'import', 'closure', 'borrow', 'lifetime', 'trait', 'enum', 'match', 'option', 'result',
        'panic', 'macro', 'crate', 'build', 'deploy', 'config', 'server', 'client', 'socket', 'request', 'response', 'header',
        'cookie', 'session', 'schema', 'migration', 'lock', 'queue', 'worker', 'timeout', 'retry', 'budget', 'ledger', 'naïve',
        'größe', 'heap', 'tree'])[rank + 1]
    ELSE (ARRAY['ba','ce','di','fo','gu','ha','je','ki','lo','mu','na','pe','ri','so','tu','va'])[1 + rank % 16]
      || (ARRAY['lan','mer','nid','pos','quu','rak','sel','tim','vop','wug','xan','yel','zim','bod','cuf','dag'])[1 + rank / 16 % 16]
      || (ARRAY['a','eth','is','or','um','ax','en','il','ok','up','ash','el','ino','on','us','ast'])[1 + rank / 256 % 16]
    END
$$;

-- Phrases of eight words, plain and as a provider streams them: texts are put together from these.
CREATE TEMP TABLE phrases AS
SELECT nr, string_agg(word, ' ' ORDER BY at) AS text, array_agg(DISTINCT word) AS words,
       string_agg('data: {"id":"chatcmpl-seed","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"' || word || E' "}}]}\n\n', '' ORDER BY at) AS frames
  FROM generate_series(0, 99999) AS nr, generate_series(1, 8) AS at, LATERAL (SELECT pg_temp.word(pg_temp.skewed(nr * 8 + at, 50, 4095)) AS word) AS said
 GROUP BY nr;
CREATE UNIQUE INDEX ON phrases (nr);
ANALYZE phrases;

CREATE FUNCTION pg_temp.prose(n bigint, what integer, count integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(p.text, ' ' ORDER BY at) FROM generate_series(1, count) AS at JOIN phrases p ON p.nr = pg_temp.roll(n * 64 + at, what, 100000)
$$;

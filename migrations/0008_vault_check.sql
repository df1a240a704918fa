-- Opens only with the master key that sealed it: a start with another key can say so instead of failing call by call.
CREATE TABLE vault_check (
    only_row            boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    sealed              bytea       NOT NULL
);

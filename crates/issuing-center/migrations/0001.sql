-- The center's tables. One text for both databases: BYTES becomes BLOB (SQLite) or BYTEA (PostgreSQL).
-- Times are microseconds since 1970 UTC; ids are 16 bytes. State names are those of the program's transition tables.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BYTES NOT NULL
);

CREATE TABLE bases (
    name TEXT PRIMARY KEY,
    reader_tier BIGINT NOT NULL CHECK (reader_tier BETWEEN 0 AND 2)
);

CREATE TABLE people (
    id BYTES PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    roles TEXT NOT NULL,
    secret TEXT NOT NULL
);

CREATE TABLE documents (
    kind TEXT NOT NULL CHECK (kind IN ('product', 'profile')),
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    text TEXT NOT NULL,
    digest BYTES NOT NULL,
    imported BIGINT NOT NULL,
    PRIMARY KEY (kind, name, version)
);

CREATE TABLE enrolment_codes (
    hash BYTES PRIMARY KEY,
    terminal TEXT NOT NULL,
    base TEXT NOT NULL REFERENCES bases (name),
    expires BIGINT NOT NULL,
    used BIGINT
);

CREATE TABLE terminals (
    id BYTES PRIMARY KEY,
    name TEXT NOT NULL,
    base TEXT NOT NULL REFERENCES bases (name),
    fingerprint BYTES NOT NULL UNIQUE,
    expires BIGINT NOT NULL,
    revoked BIGINT,
    instance BYTES,
    lease_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_terminal_of_a_name ON terminals (name) WHERE revoked IS NULL;

CREATE TABLE readers (
    id BYTES PRIMARY KEY,
    name TEXT NOT NULL,
    base TEXT NOT NULL REFERENCES bases (name),
    tier BIGINT NOT NULL CHECK (tier BETWEEN 0 AND 2),
    card_slot TEXT NOT NULL,
    sam_slot TEXT NOT NULL,
    sam_key BYTES NOT NULL,
    revoked BIGINT
);
CREATE UNIQUE INDEX one_reader_of_a_name ON readers (name) WHERE revoked IS NULL;

CREATE TABLE orders (
    id BYTES PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    base TEXT NOT NULL REFERENCES bases (name),
    profile TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('new', 'replace', 'renew', 'personal-data', 'pin', 'add-application', 'upgrade-application',
         'remove-application', 'change-keys', 'block', 'unblock', 'terminate')),
    argument TEXT,
    state TEXT NOT NULL CHECK (state IN
        ('received', 'approved', 'prepared', 'issuing', 'issued', 'rejected', 'cancelled', 'blocked')),
    entered_by BYTES NOT NULL,
    entered BIGINT NOT NULL,
    approved_by BYTES,
    card BYTES,
    replaces BYTES,
    campaign BYTES,
    CHECK (approved_by IS NULL OR approved_by <> entered_by),
    CHECK (approved_by IS NOT NULL OR state IN ('received', 'rejected', 'cancelled'))
);
CREATE INDEX orders_by_time ON orders (entered);
CREATE INDEX orders_by_card ON orders (card) WHERE card IS NOT NULL;

CREATE TABLE sealed_orders (
    order_id BYTES PRIMARY KEY REFERENCES orders (id),
    fields BYTES NOT NULL,
    data_key BYTES NOT NULL,
    destruction_day BIGINT NOT NULL
);

CREATE TABLE prepared (
    order_id BYTES PRIMARY KEY REFERENCES orders (id),
    sealed BYTES NOT NULL,
    digest BYTES NOT NULL,
    profile BYTES NOT NULL
);

CREATE TABLE cards (
    id BYTES PRIMARY KEY,
    product TEXT NOT NULL,
    cplc BYTES NOT NULL,
    kdd BYTES NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('stock', 'bound', 'dirty', 'verified', 'activating', 'partly-activated', 'live', 'unknown', 'quarantined',
         'lost', 'locked', 'terminated', 'scrapped')),
    order_id BYTES REFERENCES orders (id),
    open_tries BIGINT NOT NULL CHECK (open_tries BETWEEN 0 AND 255),
    masked_number TEXT,
    content BYTES NOT NULL,
    UNIQUE (product, cplc, kdd)
);
CREATE UNIQUE INDEX one_card_of_an_order ON cards (order_id)
    WHERE order_id IS NOT NULL AND state NOT IN ('stock', 'scrapped');
CREATE INDEX cards_by_kdd ON cards (kdd);

CREATE TABLE key_sets (
    card BYTES NOT NULL REFERENCES cards (id),
    version BIGINT NOT NULL CHECK (version BETWEEN 0 AND 255),
    generation BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('derived', 'transport', 'intended', 'on-card', 'retired')),
    wrapped_enc BYTES NOT NULL,
    wrapped_mac BYTES NOT NULL,
    wrapped_dek BYTES NOT NULL,
    check_values BYTES NOT NULL,
    protocol BYTES NOT NULL,
    PRIMARY KEY (card, generation)
);

CREATE TABLE challenges (
    id BYTES PRIMARY KEY,
    value BYTES NOT NULL UNIQUE,
    terminal BYTES NOT NULL REFERENCES terminals (id),
    expires BIGINT NOT NULL,
    used_by BYTES
);

CREATE TABLE tickets (
    id BYTES PRIMARY KEY,
    order_id BYTES REFERENCES orders (id),
    terminal BYTES NOT NULL REFERENCES terminals (id),
    operator BYTES NOT NULL,
    confirms_deletion BIGINT NOT NULL CHECK (confirms_deletion IN (0, 1)),
    expires BIGINT NOT NULL,
    used_by BYTES
);
CREATE INDEX tickets_by_terminal ON tickets (terminal, expires) WHERE used_by IS NULL;

CREATE TABLE issuances (
    id BYTES PRIMARY KEY,
    order_id BYTES NOT NULL REFERENCES orders (id),
    card BYTES NOT NULL REFERENCES cards (id),
    terminal BYTES NOT NULL REFERENCES terminals (id),
    reader BYTES NOT NULL REFERENCES readers (id),
    operator BYTES NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('leased', 'authenticated', 'writing', 'written', 'verified', 'activating', 'issued', 'failed-clean',
         'unknown', 'interrupted', 'wiped', 'quarantined')),
    epoch BIGINT NOT NULL,
    step BIGINT NOT NULL CHECK (step BETWEEN 0 AND 65535),
    opened BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    open_message BYTES NOT NULL,
    second_challenge BYTES NOT NULL,
    basis BYTES NOT NULL
);
CREATE UNIQUE INDEX one_running_issuance_of_an_order ON issuances (order_id)
    WHERE state NOT IN ('issued', 'failed-clean', 'unknown', 'interrupted', 'wiped', 'quarantined');
CREATE UNIQUE INDEX one_running_issuance_of_a_card ON issuances (card)
    WHERE state NOT IN ('issued', 'failed-clean', 'unknown', 'interrupted', 'wiped', 'quarantined');
CREATE INDEX issuances_by_card ON issuances (card, opened);
CREATE INDEX issuances_by_deadline ON issuances (deadline)
    WHERE state NOT IN ('issued', 'failed-clean', 'unknown', 'interrupted', 'wiped', 'quarantined');

CREATE TABLE intents (
    issuance BYTES NOT NULL REFERENCES issuances (id),
    step BIGINT NOT NULL CHECK (step BETWEEN 0 AND 65535),
    script_hash BYTES NOT NULL,
    commands BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    result BYTES,
    received BIGINT,
    PRIMARY KEY (issuance, step),
    CHECK ((result IS NULL) = (received IS NULL))
);

CREATE TABLE outbox (
    id BYTES PRIMARY KEY,
    kind TEXT NOT NULL,
    order_id BYTES NOT NULL REFERENCES orders (id),
    card BYTES,
    created BIGINT NOT NULL
);
CREATE INDEX outbox_by_time ON outbox (created);

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    request BYTES NOT NULL,
    status BIGINT NOT NULL,
    body BYTES NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE destruction_keys (
    day BIGINT PRIMARY KEY,
    key TEXT NOT NULL
);

-- One row: locked first by every commit, so that leaves stand in one order.
CREATE TABLE log_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    root BYTES NOT NULL,
    edge BYTES NOT NULL
);

CREATE TABLE log_leaves (
    leaf_index BIGINT PRIMARY KEY,
    entry BYTES NOT NULL,
    hash BYTES NOT NULL,
    order_id BYTES
);
CREATE INDEX log_leaves_by_order ON log_leaves (order_id, leaf_index);

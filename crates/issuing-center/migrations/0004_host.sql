-- The issuer's host: what it is told, one event after the other for each card; and what two people decide about a card.

-- One row: where the host is, and the keys that what it is told is signed with.
CREATE TABLE host (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    url TEXT NOT NULL,
    ca BYTES,
    key TEXT NOT NULL,
    previous_key TEXT,
    previous_until BIGINT NOT NULL
);

-- The outbox again, with what delivery needs. Numbers grow over all events: commits are written one after the other.
DROP INDEX outbox_by_time;
ALTER TABLE outbox RENAME TO outbox_before;

CREATE TABLE outbox (
    id BYTES PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    order_id BYTES NOT NULL REFERENCES orders (id),
    card BYTES,
    created BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt BIGINT NOT NULL,
    was_reached BIGINT NOT NULL CHECK (was_reached IN (0, 1)),
    last_error TEXT,
    leased_by BYTES,
    lease_until BIGINT NOT NULL,
    taken BIGINT
);

INSERT INTO outbox (id, number, kind, order_id, card, created, attempts, next_attempt, was_reached, lease_until)
    SELECT id, ROW_NUMBER() OVER (ORDER BY created, id), kind, order_id, card, created, 0, 0, 0, 0 FROM outbox_before;
DROP TABLE outbox_before;

CREATE INDEX outbox_waiting ON outbox (next_attempt, number) WHERE taken IS NULL;
CREATE INDEX outbox_waiting_by_card ON outbox (card, number) WHERE taken IS NULL;
CREATE INDEX outbox_by_order ON outbox (order_id, number);

-- What one person has proposed about a card and another has confirmed; at most one proposal of a card is open.
CREATE TABLE card_decisions (
    id BYTES PRIMARY KEY,
    card BYTES NOT NULL REFERENCES cards (id),
    kind TEXT NOT NULL CHECK (kind IN ('lost', 'quarantine', 'lift-quarantine')),
    card_state TEXT NOT NULL,
    proposed_by BYTES NOT NULL,
    proposed BIGINT NOT NULL,
    confirmed_by BYTES,
    confirmed BIGINT,
    CHECK (confirmed_by IS NULL OR confirmed_by <> proposed_by),
    CHECK ((confirmed_by IS NULL) = (confirmed IS NULL))
);
CREATE UNIQUE INDEX one_open_decision_about_a_card ON card_decisions (card) WHERE confirmed_by IS NULL;

-- The last day on which the card of an order is valid, in days since 1970 UTC.
CREATE TABLE card_expiries (
    order_id BYTES PRIMARY KEY REFERENCES orders (id),
    day BIGINT NOT NULL
);

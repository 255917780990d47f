-- Keys of cards made ahead, card numbers, issuers' and authorities' certificates, PIN mailers.
-- Days are days since 1970 UTC, and a certificate's is the last on which it is valid.

CREATE TABLE card_key_pool (
    id BYTES PRIMARY KEY,
    bits BIGINT NOT NULL,
    exponent BIGINT NOT NULL,
    modulus BYTES NOT NULL UNIQUE,
    sealed BYTES NOT NULL,
    made BIGINT NOT NULL
);
CREATE INDEX card_key_pool_by_size ON card_key_pool (bits, exponent, made);

-- A number's keyed hash, and the number itself sealed under its order's data key.
CREATE TABLE card_numbers (
    hash BYTES NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence BETWEEN 0 AND 99),
    order_id BYTES NOT NULL UNIQUE REFERENCES orders (id),
    masked TEXT NOT NULL,
    sealed BYTES NOT NULL,
    PRIMARY KEY (hash, sequence)
);

CREATE TABLE number_ranges (
    name TEXT PRIMARY KEY,
    taken BIGINT NOT NULL
);

-- EMV certification authorities: a scheme's public keys, and test roots whose keys are in the keystore.
CREATE TABLE certification_keys (
    rid BYTES NOT NULL,
    key_index BIGINT NOT NULL CHECK (key_index BETWEEN 0 AND 255),
    modulus BYTES NOT NULL,
    exponent BYTES NOT NULL,
    expires BIGINT NOT NULL,
    key TEXT,
    PRIMARY KEY (rid, key_index)
);

CREATE TABLE emv_issuers (
    name TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    identifier TEXT NOT NULL
);

-- The newest of an issuer's certificates is the one that counts.
CREATE TABLE issuer_certificates (
    issuer TEXT NOT NULL REFERENCES emv_issuers (name),
    number BIGINT NOT NULL,
    rid BYTES NOT NULL,
    key_index BIGINT NOT NULL,
    certificate BYTES NOT NULL,
    remainder BYTES NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (issuer, number),
    FOREIGN KEY (rid, key_index) REFERENCES certification_keys (rid, key_index)
);

-- An authority that certifies cards' own keys; without a certificate it waits for one from outside.
CREATE TABLE piv_authorities (
    name TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    certificate BYTES,
    chain BYTES,
    expires BIGINT,
    CHECK ((certificate IS NULL) = (expires IS NULL))
);

CREATE TABLE card_certificates (
    authority TEXT NOT NULL REFERENCES piv_authorities (name),
    serial BYTES NOT NULL,
    order_id BYTES NOT NULL REFERENCES orders (id),
    slot BIGINT NOT NULL CHECK (slot BETWEEN 0 AND 255),
    prepared BIGINT NOT NULL,
    PRIMARY KEY (authority, serial)
);
CREATE INDEX card_certificates_by_order ON card_certificates (order_id);

-- A PIN that was generated: a block under the zone key of who prints it, sealed under its order's data key.
CREATE TABLE pin_mailers (
    order_id BYTES PRIMARY KEY REFERENCES orders (id),
    zone_key TEXT NOT NULL,
    masked TEXT NOT NULL,
    block_format BIGINT NOT NULL CHECK (block_format IN (0, 1, 2)),
    sealed BYTES NOT NULL,
    prepared BIGINT NOT NULL,
    exported BIGINT
);
CREATE INDEX pin_mailers_waiting ON pin_mailers (zone_key, prepared) WHERE exported IS NULL;

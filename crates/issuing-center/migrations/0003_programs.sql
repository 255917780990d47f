-- Programs that cards are loaded with: what of a CAP file goes to a card, under the AID of its load file.
-- An AID stands for one content for good; who imported it does not approve it.

CREATE TABLE programs (
    load_file BYTES PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    major BIGINT NOT NULL CHECK (major BETWEEN 0 AND 255),
    minor BIGINT NOT NULL CHECK (minor BETWEEN 0 AND 255),
    modules BYTES NOT NULL,
    hash BYTES NOT NULL,
    block BYTES NOT NULL,
    memory BIGINT NOT NULL CHECK (memory >= 0),
    imported_by BYTES NOT NULL,
    imported BIGINT NOT NULL,
    approved_by BYTES,
    approved BIGINT,
    CHECK ((approved_by IS NULL) = (approved IS NULL)),
    CHECK (approved_by IS NULL OR approved_by <> imported_by)
);

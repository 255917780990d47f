-- Campaigns: one order for each of many cards, approved once for the whole; and which card an order takes the place of.

CREATE TABLE campaigns (
    id BYTES PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    profile TEXT,
    argument TEXT,
    selection TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('selecting', 'entered', 'approved', 'paused', 'cancelled')),
    entered_by BYTES NOT NULL,
    entered BIGINT NOT NULL,
    approved_by BYTES,
    CHECK (approved_by IS NULL OR approved_by <> entered_by),
    CHECK (approved_by IS NOT NULL OR state IN ('selecting', 'entered', 'cancelled'))
);

-- A card is in a campaign once, and gets one order of it at most.
CREATE TABLE campaign_cards (
    campaign BYTES NOT NULL REFERENCES campaigns (id),
    card BYTES NOT NULL REFERENCES cards (id),
    base TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('selected', 'ordered', 'needs-data', 'left-out')),
    order_id BYTES UNIQUE REFERENCES orders (id),
    PRIMARY KEY (campaign, card),
    CHECK ((outcome = 'ordered') = (order_id IS NOT NULL))
);
CREATE INDEX campaign_cards_selected ON campaign_cards (campaign, card) WHERE outcome = 'selected';

CREATE INDEX orders_by_campaign ON orders (campaign, state) WHERE campaign IS NOT NULL;
CREATE INDEX orders_by_replaced_card ON orders (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX cards_by_state ON cards (state, id);

-- The CRM: leads, what reached them, their orders.  A row of the file is a touch;
-- one of interaction "conversion" is the touch that led to the order, and the order.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS pg_revops;
SELECT revops.create_workspace('shop', 'UTC', 'USD') \g /dev/null
INSERT INTO revops.signal (signal, nature, direction) VALUES ('impression', 'engagement', 'inbound'), ('conversion', 'buying', 'inbound');

CREATE TABLE touchpoint (n bigint GENERATED ALWAYS AS IDENTITY, customer text, at timestamptz, interaction text, conversion int, value numeric, channel text);
COPY touchpoint (customer, at, interaction, conversion, value, channel) FROM :'file' WITH (FORMAT csv, HEADER);

CREATE TABLE customer (id text PRIMARY KEY, created_at timestamptz NOT NULL);
CREATE TABLE reached (id bigint PRIMARY KEY, customer text NOT NULL, interaction text NOT NULL, channel text, at timestamptz NOT NULL);
CREATE TABLE purchase (id bigint PRIMARY KEY, customer text NOT NULL, at timestamptz NOT NULL, amount numeric NOT NULL);
SELECT revops.attach_lead('customer', 'customer', '{"created_at": "created_at"}') \g /dev/null
SELECT revops.attach_touch('reached', 'reached', 'customer',
    '{"lead": "customer", "signal": "interaction", "occurred_at": "at", "source": "channel"}') \g /dev/null
SELECT revops.attach_opportunity('purchase', 'purchase', 'customer',
    '{"lead": "customer", "won": "true", "opened_at": "at", "closed_at": "at", "amount": "amount"}') \g /dev/null
INSERT INTO customer SELECT customer, min(at) FROM touchpoint GROUP BY customer;
INSERT INTO reached SELECT n, customer, interaction, channel, at FROM touchpoint;
INSERT INTO purchase SELECT n, customer, at, value FROM touchpoint WHERE interaction = 'conversion';
ANALYZE;

SELECT revops.compute_attribution('revenue', lookback => NULL, half_life => '7 days') AS run \gset
SELECT value AS channel, model, round(credit, 6), round(amount, 6)
FROM revops.attribution_kept WHERE dimension = 'source' ORDER BY model, value;

\set rep random(1, 8)
INSERT INTO person (source, country, owner) VALUES ('web', 'DE', 'rep ' || :rep);

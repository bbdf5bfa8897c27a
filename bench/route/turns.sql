INSERT INTO person (source, country) VALUES ('web', 'DE');

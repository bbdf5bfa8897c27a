INSERT INTO counted (source, country) VALUES ('web', 'DE');

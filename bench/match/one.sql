\set n random(1, 100000000)
INSERT INTO person (email, phone, name, company, country) SELECT * FROM some_person(:n);

-- E2, E7: one form for what people write in many.
SET datestyle = 'ISO'; SET timezone = 'UTC';

SELECT email, revops.normal_email(email) AS normal, revops.normal_email(email, true) AS tagged,
       revops.normal_email(email, false, false) AS dotless, revops.email_domain(email) AS domain
FROM unnest('{Ann@Acme.EXAMPLE," <ann@acme.example> ",ann+fair@acme.example,+ann@acme.example,a.n.n+x@gmail.com,a.n.n@acme.example,ann@acme.example.,ann@@acme.example,ann,"an n@acme.example",@acme.example,ann@,""}'::text[]) AS e (email);
SELECT revops.normal_email(NULL) IS NULL AS none;

SELECT phone, country, revops.normal_phone(phone, country) AS normal
FROM (VALUES ('+49 (0)30 901820', NULL), ('0049 30 90 18 20', NULL), ('030/901820', 'DE'), ('030 901820', NULL), ('030 901820', 'XX'),
             ('(212) 555-0123', 'US'), ('1-212-555-0123', 'us'), ('+1 212 555 0123 ext. 42', NULL), ('212.555.0123 x42', 'US'),
             ('020 7946 0958', 'GB'), ('06 1 234 5678', 'HU'), ('02 1234 5678', 'IT'), ('8 495 123-45-67', 'RU'),
             ('+999', NULL), ('+12345678901234567', NULL), ('call me', 'DE'), ('', 'DE'), (NULL, 'DE')) AS p (phone, country);

SELECT company, revops.normal_company(company) AS normal
FROM unnest('{"Müller & Söhne GmbH & Co. KG","MUELLER und Soehne",Müller  &  Söhne,"The Acme Company, Inc.","ACME Corp","Acme","L''Oréal S.A.","Loreal SA","Straße AG",GmbH,"Øresund A/S","Łódź Sp. z o.o.","Kółko S.p.A.","3M",!!!,""}'::text[]) AS c (company);
SELECT revops.normal_name('  José  O''Neil-Łuk ') AS name, revops.normal_name('?') AS nothing;

SELECT site, revops.normal_domain(site) AS domain
FROM unnest('{https://www.Acme.example/about?x=1,acme.example,www2.acme.example:8080,ann@acme.example,"http://user@shop.acme.example/",acme,"no site",""}'::text[]) AS s (site);
SELECT revops.domain_and_parents('mail.eu.acme.example'), revops.domain_and_parents('acme.example'), revops.domain_and_parents('acme');

-- the list of free mail can be edited
SELECT revops.is_free_mail('GMail.com'), revops.is_free_mail('acme.example'), revops.is_free_mail(NULL);
INSERT INTO revops.free_mail_domain VALUES ('acme.example', true), ('hey.com', false);
SELECT revops.is_free_mail('acme.example') AS added, revops.is_free_mail('hey.com') AS taken_off;
INSERT INTO revops.free_mail_domain VALUES ('ACME.example');
INSERT INTO revops.free_mail_domain VALUES ('ann@acme.example');
-- shipped: each once, and in one form
SELECT count(*) > 90 AS many, bool_and(revops.normal_domain(d) = d) AS normal, count(*) = count(DISTINCT d) AS once
FROM unnest(revops.standard_free_mail()) AS d;

-- what is in one form stays in it
SELECT count(*) FILTER (WHERE revops.normal_company(n) IS DISTINCT FROM n) AS not_stable
FROM (SELECT revops.normal_company(c) FROM unnest('{"Müller & Söhne GmbH & Co. KG","The Acme Company, Inc.","L''Oréal S.A.","Holding Company Limited Holdings"}'::text[]) c) AS x (n);
SELECT bool_and(revops.normal_email(revops.normal_email(e)) = revops.normal_email(e)) AS stable
FROM unnest('{A+b+c@x.example,"<A@X.example.>"}'::text[]) AS e;

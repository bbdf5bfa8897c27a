-- One form for what people write in many: e-mail addresses, phone numbers, domains, names of companies and
-- of people.  What can't be read is NULL: nothing is guessed.  They are called for every lead that is matched, so
-- they are in PL/pgSQL, whose plans are kept for the session: SQL with a setting is planned at every call.

CREATE FUNCTION revops.normal_email(email text, plus_tags boolean DEFAULT false, dots boolean DEFAULT true) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    parts text[] := regexp_match(lower(btrim(email, E' \t\r\n<>"')), '^([^@[:space:]]+)@([^@[:space:]]+[^@[:space:].])\.?$');
    who text := parts[1];
BEGIN
    IF NOT plus_tags THEN
        who := coalesce(nullif(split_part(who, '+', 1), ''), who);
    END IF;
    IF NOT dots AND parts[2] IN ('gmail.com', 'googlemail.com') THEN
        who := coalesce(nullif(replace(who, '.', ''), ''), who);
    END IF;
    RETURN who || '@' || parts[2];
END
$$;
COMMENT ON FUNCTION revops.normal_email(text, boolean, boolean) IS
    'An e-mail address in one form: lower case, without blanks, angle brackets and quotes around it; without what follows a plus sign, unless plus_tags; where dots is false, without the dots that Gmail (gmail.com, googlemail.com) does not tell apart. NULL: it is none.';

CREATE FUNCTION revops.email_domain(email text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN split_part(revops.normal_email(email, true), '@', 2);
END
$$;
COMMENT ON FUNCTION revops.email_domain(text) IS 'Domain of an e-mail address, in lower case; NULL: it is no address.';

CREATE FUNCTION revops.normal_domain(site text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN (regexp_match(lower(btrim(site)),
                         '^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/[:space:]]*@)?(?:www[0-9]?\.)?([^/:?#@.[:space:]]+(?:\.[^/:?#@.[:space:]]+)+)\.?(?:[:/?#].*)?$'))[1];
END
$$;
COMMENT ON FUNCTION revops.normal_domain(text) IS
    'Domain of a web address, an e-mail address or a domain, in lower case and without www; NULL: it is none.';

CREATE FUNCTION revops.domain_and_parents(domain text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    labels text[] := string_to_array(domain, '.');
    above text[];
BEGIN
    FOR n IN 1 .. greatest(cardinality(labels) - 1, 1) LOOP
        above := above || array_to_string(labels[n:], '.');
    END LOOP;
    RETURN above;
END
$$;
COMMENT ON FUNCTION revops.domain_and_parents(text) IS
    'A domain and those above it of two labels at least, the longest first: mail.eu.acme.example, eu.acme.example, acme.example.';

-- ITU-T E.164 country codes by ISO 3166 code; trunk: the digit that is dialled inside the country alone
CREATE FUNCTION revops.calling_code(country text, OUT code text, OUT trunk text)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.code, c.trunk FROM (VALUES
        ('AE', '971', '0'), ('AR', '54', '0'), ('AT', '43', '0'), ('AU', '61', '0'), ('BE', '32', '0'), ('BG', '359', '0'),
        ('BR', '55', '0'), ('CA', '1', '1'), ('CH', '41', '0'), ('CL', '56', ''), ('CN', '86', '0'), ('CO', '57', ''),
        ('CY', '357', ''), ('CZ', '420', ''), ('DE', '49', '0'), ('DK', '45', ''), ('EE', '372', ''), ('EG', '20', '0'),
        ('ES', '34', ''), ('FI', '358', '0'), ('FR', '33', '0'), ('GB', '44', '0'), ('GR', '30', ''), ('HK', '852', ''),
        ('HR', '385', '0'), ('HU', '36', '06'), ('ID', '62', '0'), ('IE', '353', '0'), ('IL', '972', '0'), ('IN', '91', '0'),
        ('IS', '354', ''), ('IT', '39', ''), ('JP', '81', '0'), ('KE', '254', '0'), ('KR', '82', '0'), ('LI', '423', ''),
        ('LT', '370', '0'), ('LU', '352', ''), ('LV', '371', ''), ('MA', '212', '0'), ('MT', '356', ''), ('MX', '52', ''),
        ('MY', '60', '0'), ('NG', '234', '0'), ('NL', '31', '0'), ('NO', '47', ''), ('NZ', '64', '0'), ('PE', '51', '0'),
        ('PH', '63', '0'), ('PK', '92', '0'), ('PL', '48', ''), ('PT', '351', ''), ('RO', '40', '0'), ('RS', '381', '0'),
        ('RU', '7', '8'), ('SA', '966', '0'), ('SE', '46', '0'), ('SG', '65', ''), ('SI', '386', '0'), ('SK', '421', '0'),
        ('TH', '66', '0'), ('TN', '216', ''), ('TR', '90', '0'), ('TW', '886', '0'), ('UA', '380', '0'), ('US', '1', '1'),
        ('VN', '84', '0'), ('ZA', '27', '0')) AS c (country, code, trunk)
    WHERE c.country = upper(btrim(calling_code.country));
END;
COMMENT ON FUNCTION revops.calling_code(text) IS
    'Code under which a country (ISO 3166, two letters) is called from abroad, and the digits (trunk) that are dialled in front of a number inside it alone. NULL: the country is not in the list.';

CREATE FUNCTION revops.normal_phone(phone text, country text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- an extension is no part of the number, and neither is a trunk digit in brackets
    written text := regexp_replace(regexp_replace(lower(phone), '(ext\.?|extension|durchwahl|x|;|#).*$', ''), '\(0\)', '');
    digits text := regexp_replace(written, '[^0-9]', '', 'g');
    code text;
    trunk text;
BEGIN
    IF ltrim(written, E' \t(') LIKE '+%' THEN
        NULL;
    ELSIF digits LIKE '00%' THEN
        digits := substr(digits, 3);
    ELSE
        SELECT c.code, c.trunk INTO code, trunk FROM revops.calling_code(country) c;
        IF code IS NULL THEN
            RETURN NULL;
        ELSIF trunk <> '' AND starts_with(digits, trunk) THEN
            digits := substr(digits, length(trunk) + 1);
        END IF;
        digits := code || digits;
    END IF;
    RETURN CASE WHEN digits ~ '^[1-9][0-9]{6,14}$' THEN '+' || digits END;
END
$$;
COMMENT ON FUNCTION revops.normal_phone(text, text) IS
    'A phone number as E.164 writes it: + and 7 to 15 digits. A number without + or 00 is one of country (ISO 3166, two letters), whose trunk digit is left out; extensions are left out. NULL: it cannot be told, or the country is not in the list of calling_code().';

CREATE FUNCTION revops.plain_letters(name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN replace(replace(replace(replace(
               translate(regexp_replace(normalize(lower(name), NFKD), '[\u0300-\u036f]', '', 'g'), 'øłđðıħŧ', 'olddiht'),
               'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
END
$$;
COMMENT ON FUNCTION revops.plain_letters(text) IS 'A name in lower case and without accents. Raises 0A000 in a database whose encoding is not UTF8.';

CREATE FUNCTION revops.normal_name(name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN nullif(btrim(regexp_replace(revops.plain_letters(name), '[^[:alnum:]]+', ' ', 'g')), '');
END
$$;
COMMENT ON FUNCTION revops.normal_name(text) IS
    'A person''s name in one form: lower case, without accents, words separated by single blanks. NULL: nothing is left. Raises 0A000 as plain_letters().';

CREATE FUNCTION revops.normal_company(company text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    -- letters of a form that are written with dots belong together: S.A., G.m.b.H.
    words text := btrim(regexp_replace(regexp_replace(replace(revops.plain_letters(company), '&', ' and '), '[./''’]', '', 'g'),
                                       '[^[:alnum:]]+', ' ', 'g'));
    name text := words;
    before text;
BEGIN
    name := regexp_replace(name, '^the ', '');
    LOOP
        before := name;
        name := btrim(regexp_replace(name,
            ' (ab|ag|and co|and co kg|aps|as|asa|bhd|bv|bvba|co|co kg|company|corp|corporation|dac|doo|eg|ek|ev|eurl|gbr|gesmbh|gmbh|ggmbh|holding|holdings|inc|incorporated|kft|kg|kgaa|kk|limited|llc|llp|lp|ltd|ltda|mbh|nv|ohg|oy|oyj|plc|private|pte|pty|pvt|rt|sa|sarl|sas|sasu|sdn|se|sia|sl|slu|sp z oo|spa|spol|spolka z oo|und co kg|sro|srl|ug|zrt)$', ''));
        EXIT WHEN name = before;
    END LOOP;
    -- what is a form and nothing else is the name
    RETURN nullif(name, '');
END
$$;
COMMENT ON FUNCTION revops.normal_company(text) IS
    'A company''s name in one form: lower case, without accents, punctuation, a leading "the", and legal forms at its end (GmbH & Co. KG, Inc., S.A. ...); & is "and". NULL: nothing is left. Raises 0A000 as plain_letters().';

-- ----- mail for everybody ---------------------------------------------------------

CREATE FUNCTION revops.standard_free_mail() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    RETURN '{126.com,163.com,aim.com,aol.com,aol.de,arcor.de,bluewin.ch,bol.com.br,btinternet.com,comcast.net,duck.com,email.cz,email.de,fastmail.com,free.fr,freemail.hu,freenet.de,gmail.com,gmx.at,gmx.ch,gmx.com,gmx.de,gmx.net,googlemail.com,hey.com,hotmail.co.uk,hotmail.com,hotmail.de,hotmail.es,hotmail.fr,hotmail.it,hushmail.com,icloud.com,inbox.lv,inbox.ru,interia.pl,laposte.net,libero.it,list.ru,live.co.uk,live.com,live.de,live.fr,live.nl,mac.com,mail.com,mail.de,mail.ru,mailbox.org,me.com,msn.com,naver.com,o2.pl,online.de,onet.pl,orange.fr,outlook.com,outlook.de,outlook.es,outlook.fr,pm.me,posteo.de,proton.me,protonmail.ch,protonmail.com,qq.com,rambler.ru,rediffmail.com,rocketmail.com,sapo.pt,sbcglobal.net,seznam.cz,sfr.fr,sina.com,t-online.de,terra.com.br,tiscali.it,tuta.com,tutanota.com,uol.com.br,verizon.net,virgilio.it,wanadoo.fr,web.de,wp.pl,yahoo.co.in,yahoo.co.jp,yahoo.co.uk,yahoo.com,yahoo.com.br,yahoo.de,yahoo.es,yahoo.fr,yahoo.it,yandex.com,yandex.ru,yeah.net,ymail.com,zoho.com}'::text[];
COMMENT ON FUNCTION revops.standard_free_mail() IS 'Domains of mail providers that anybody can have an address at, as shipped; table free_mail_domain adds to them and takes from them.';

CREATE TABLE revops.free_mail_domain
(
    domain text PRIMARY KEY CHECK (domain = lower(domain) AND domain ~ '^[^@[:space:]]+\.[^@[:space:]]+$'),
    free   boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE revops.free_mail_domain IS 'What the shipped list of free-mail domains (standard_free_mail()) is to have besides, or not.';
COMMENT ON COLUMN revops.free_mail_domain.domain IS 'domain, in lower case';
COMMENT ON COLUMN revops.free_mail_domain.free IS 'true: anybody can have an address there, it tells no company; false: it does tell one, though the shipped list has it';

CREATE FUNCTION revops.is_free_mail(domain text) RETURNS boolean
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    RETURN coalesce((SELECT f.free FROM revops.free_mail_domain f WHERE f.domain = lower(is_free_mail.domain)),
                    lower(is_free_mail.domain) = ANY (revops.standard_free_mail()));
END
$$;
COMMENT ON FUNCTION revops.is_free_mail(text) IS 'Can anybody have an e-mail address at this domain, so that it tells no company?';

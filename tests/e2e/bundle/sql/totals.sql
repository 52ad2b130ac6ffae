CREATE SCHEMA IF NOT EXISTS IDENTIFIER(:catalog || '.sales');

CREATE OR REPLACE TABLE IDENTIFIER(:catalog || '.sales.totals') AS
SELECT country, price FROM IDENTIFIER(:catalog || '.raw.by_country') WHERE price >= double(:min_price);

SELECT country, price FROM IDENTIFIER(:catalog || '.sales.totals') ORDER BY price DESC;

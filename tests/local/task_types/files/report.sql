-- The orders of one country; "main.books.orders" in a comment stays.
USE CATALOG books;
CREATE SCHEMA IF NOT EXISTS report;
CREATE OR REPLACE TABLE report.orders (id BIGINT, country STRING, price DECIMAL(8, 2), day DATE);
INSERT INTO books.report.orders VALUES (1, 'DE', 9.5, date'2026-01-01'), (2, 'FR', 20, NULL);
GRANT SELECT ON TABLE books.report.orders TO `everybody`;

SELECT o.id, o.price, o.day, array('1.5', 'a;b') AS more
FROM IDENTIFIER(:catalog || '.report.orders') AS o
WHERE o.country = :country

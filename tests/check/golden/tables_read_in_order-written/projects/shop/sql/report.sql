INSERT INTO `predictions`.daily_units
SELECT product, sum(units) AS units FROM logs.units GROUP BY product

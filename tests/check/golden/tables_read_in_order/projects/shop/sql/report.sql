-- not from features.daily_units
select product, sum(units)
from `predictions`.daily_units
group by product

-- Not logs.daily_units.
merge into reports.days using x on true when matched then update set *;
insert into reports.days replace where day = 1 select 1

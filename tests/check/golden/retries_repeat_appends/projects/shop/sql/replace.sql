insert into table logs.days
  replace where day = 1
select 1

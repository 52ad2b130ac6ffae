insert into logs.regions values (1)

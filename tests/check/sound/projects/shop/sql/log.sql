select * from `logs`.`daily_units`

select :day

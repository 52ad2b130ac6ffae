create table t using jdbc options (url 'postgres://me:hunter2@db.example.com/shop', password 'hunter2')

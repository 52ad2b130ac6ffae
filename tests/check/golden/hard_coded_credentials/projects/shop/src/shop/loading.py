import os

PASSWORD_FIELD = "password"
TOKEN = os.environ.get("SHOP_TOKEN")
password = "hunter2"
settings = {"user": "me", "password": "hunter2", "token": "{token}"}


def load(url="jdbc:postgresql://db.example.com/shop?user=me&password=hunter2", api_key="3f786850e387"):
    return settings, os.environ["DB_PASSWORD"], url, api_key


def connected(spark):
    return spark.read.option("password", "hunter2").option("secret", "{{secrets/shop/db}}")

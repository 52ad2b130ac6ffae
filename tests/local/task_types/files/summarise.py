# ruff: noqa: F821
"""A script of somebody who has only ever used a cluster: ``spark`` is simply there."""

import sys

from summary_names import TABLE

frame = spark.createDataFrame([(1, "a"), (2, "b")], "id INT, name STRING")
frame.write.mode("overwrite").saveAsTable(TABLE)
frame.write.mode("append").insertInto(TABLE)
frame.limit(1).writeTo("main.summary.first").using("delta").createOrReplace()

spark.sql("DELETE FROM main.summary.everything WHERE id = :id", args={"id": 2})
spark.sql("UPDATE main.summary.first SET name = 'z'")

print(sys.argv[1:], __name__)
print("rows", spark.table(TABLE).count(), spark.read.table("main.summary.first").first().name)
print("exists", spark.catalog.tableExists(TABLE), spark.catalog.tableExists("main.summary.none"))
print("tables", sorted(table.name for table in spark.catalog.listTables("main.summary")))
spark.catalog.setCurrentCatalog("main")
spark.catalog.setCurrentDatabase("summary")
print("current", spark.catalog.currentCatalog(), spark.catalog.currentDatabase(), spark.table("first").count())
if __name__ == "__main__":
    sys.exit(0)

"""Makes an archive of the classes that local Spark loads: a JVM that is started with it needs a third less.

Usage: python tests/class_archive.py FILE    then: JDK_JAVA_OPTIONS=-XX:SharedArchiveFile=FILE …
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

WORK = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sql("create schema s")
for _ in range(2):
    spark.range(5).write.mode("append").saveAsTable("s.t")
spark.range(3).groupBy("id").count().write.mode("overwrite").option("replaceWhere", "id < 3").saveAsTable("s.t2")
spark.table("s.t").mapInPandas(lambda frames: frames, "id long").toPandas()
"""


def main(archive: Path) -> None:
    """Let a Spark server like the engine's do a little work, and keep what it has loaded by then."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    from framework.local import jars, java
    from framework.local.paths import LocalPaths
    from framework.local.spark_process import _spark_settings

    fresh = archive.with_suffix(".new")
    with tempfile.TemporaryDirectory() as directory:
        paths = LocalPaths(Path(directory))
        paths.create()
        found = java.find(paths.state / "java", print)
        os.environ |= {"JAVA_HOME": str(found.home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
        settings = _spark_settings(paths, [str(jar) for jar in jars.resolve(found, print)])
        settings["spark.driver.extraJavaOptions"] += f" -XX:ArchiveClassesAtExit={fresh} -Xlog:cds=off"
        spark = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        spark.sparkContext.setLogLevel("OFF")
        server = getattr(getattr(spark._jvm.org.apache.spark.sql.connect.service, "SparkConnectService$"), "MODULE$")
        remote = {**os.environ, "SPARK_REMOTE": f"sc://127.0.0.1:{server.localPort()}"}
        subprocess.run([sys.executable, "-c", WORK], env=remote, check=True, stdout=subprocess.DEVNULL)
        jvm = SparkContext._gateway.proc
        spark.stop()
        jvm.stdin.close()
        jvm.wait(120)
    if not fresh.exists():
        print("This Java keeps no archive of classes: the tests take some minutes longer.")
        fresh.touch()
    fresh.replace(archive)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

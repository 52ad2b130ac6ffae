TABLE = "main.summary.everything"

"""From a predicted number back to its causes, after real runs."""


def test_from_a_predicted_number_to_code_inputs_training_and_metrics(shop):
    done = shop.framework("run", "-o", "json")
    assert done.code == 0, done.stderr

    score, train = done.task("score"), done.task("train")
    row = ("--row", "product=a", "--row", "day=1")
    traced = shop.framework("trace", "predictions.daily_units", *row, "-o", "json")
    assert traced.code == 0, traced.stderr
    nodes = {node["id"]: node for node in traced.json["nodes"]}
    titles = {node["title"] for node in nodes.values()}
    assert nodes[traced.json["root"]]["facts"]["values"]["model_version"] == score["model"]["version"]
    for table in (*score["outputs"], *score["inputs"], *train["inputs"]):
        assert f"{table['table']} v{table['version']}" in titles
    (training,) = (node for node in nodes.values() if node["facts"].get("kind") == "train")
    assert training["links"]["mlflow_run"] == score["model"]["mlflow_run_id"]
    assert training["facts"]["metrics"] == train["metrics"]
    assert any(node["kind"] == "source" for node in nodes.values())
    assert not [node["problem"] for node in nodes.values() if node["problem"]]

    champion = shop.framework("trace", "models.demand@champion")
    assert f"stands for spark_catalog.models.demand v{score['model']['version']}" in champion.stdout

"""``framework fake-workspace``, as a person starts and ends it."""

import re
import signal
import subprocess
import sys
import urllib.request

import pytest

COMMAND = "import typer; from framework.cli.fake_workspace import fake_workspace; typer.run(fake_workspace)"


def start(directory, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def exported(process):
    """What the lines to copy set; they are the first that the command says."""
    lines = [process.stdout.readline() for _ in range(4)]
    return dict(re.findall(r"^export (\w+)=(\S+)$", "".join(lines), re.MULTILINE))


def ask(environment, path):
    headers = {"Authorization": f"Bearer {environment['DATABRICKS_TOKEN']}"}
    url = environment["DATABRICKS_HOST"] + path
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read().decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_to_reach_it_shows_requests_and_ends_in_good_order(tmp_path, number):
    process = start(tmp_path)
    environment = exported(process)

    assert "admin@example.com" in ask(environment, "/api/2.0/preview/scim/v2/Me")
    process.send_signal(number)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 0
    assert said.splitlines() == ["1 GET /api/2.0/preview/scim/v2/Me admin@example.com 200", "Stopped."]


def test_it_says_that_runs_execute_nothing_and_knows_other_people(tmp_path):
    process = start(tmp_path, "--user", "ann@example.com")
    environment = exported(process)
    of_ann, of_runs = process.stdout.readline(), process.stdout.readline()
    token = of_ann.rpartition("=")[2].strip()
    me = ask({**environment, "DATABRICKS_TOKEN": token}, "/api/2.0/preview/scim/v2/Me")
    process.terminate()
    process.communicate(timeout=20)

    assert of_ann.startswith("# As ann@example.com: export DATABRICKS_TOKEN=")
    assert "ann@example.com" in me
    assert "executing nothing" in of_runs


def test_it_says_that_runs_are_executed(tmp_path):
    process = start(tmp_path, "--run-jobs", "--state", str(tmp_path / "state"))
    exported(process)
    of_runs = process.stdout.readline()
    process.terminate()
    process.communicate(timeout=20)

    assert "executed on local Spark" in of_runs
    assert process.returncode == 0


def test_it_has_what_the_targets_name(tmp_path):
    (tmp_path / "projects").mkdir()
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "base.yml").write_text("permissions: [{group_name: data-science, level: CAN_VIEW}]\n")
    (tmp_path / "conf" / "prod.yml").write_text(
        "mode: production\ncatalog: sales_prod\nrun_as: {service_principal_name: app-1}\n"
    )
    process = start(tmp_path, "--group", "finance")
    environment = exported(process)
    groups = ask(environment, "/api/2.0/preview/scim/v2/Groups")
    principals = ask(environment, "/api/2.0/preview/scim/v2/ServicePrincipals")
    catalogs = ask(environment, "/api/2.1/unity-catalog/catalogs")
    process.terminate()
    process.communicate(timeout=20)

    assert "data-science" in groups
    assert "finance" in groups
    assert "app-1" in principals
    assert "sales_prod" in catalogs


def test_a_taken_port_and_a_foreign_directory_are_one_clear_message(tmp_path):
    process = start(tmp_path)
    port = exported(process)["DATABRICKS_HOST"].rpartition(":")[2]
    taken = start(tmp_path, "--port", port)
    _, said_taken = taken.communicate(timeout=20)
    process.terminate()
    process.communicate(timeout=20)
    (tmp_path / "state.json").write_text("{}x")
    foreign = start(tmp_path, "--state", str(tmp_path))
    _, said_foreign = foreign.communicate(timeout=20)

    no_directory = start(tmp_path, "--state", str(tmp_path / "state.json"))
    _, said_file = no_directory.communicate(timeout=20)

    assert (taken.returncode, foreign.returncode, no_directory.returncode) == (2, 2, 2)
    assert "cannot be read: Not a directory" in said_file
    assert f"cannot listen on port {port}" in said_taken
    assert "is not the state of a fake workspace" in said_foreign
    assert "Traceback" not in said_taken + said_foreign + said_file


def test_the_state_survives_a_kill(tmp_path):
    process = start(tmp_path, "--state", str(tmp_path / "state"))
    environment = exported(process)
    headers = {"Authorization": f"Bearer {environment['DATABRICKS_TOKEN']}"}
    url = f"{environment['DATABRICKS_HOST']}/api/2.2/jobs/create"
    urllib.request.urlopen(urllib.request.Request(url, b'{"name": "weekly"}', headers), timeout=10).close()
    process.kill()
    process.communicate(timeout=20)

    process = start(tmp_path, "--state", str(tmp_path / "state"))
    jobs = ask(exported(process), "/api/2.2/jobs/list")
    process.terminate()
    process.communicate(timeout=20)

    assert "weekly" in jobs

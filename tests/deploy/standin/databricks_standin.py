"""Stands in for the Databricks CLI where there is none: the same arguments, the same requests, far fewer resources.

It knows jobs, schemas, registered models and experiments, keeps its state where the CLI keeps it, takes the CLI's
lock, and pushes the state once, when it is done. Arguments that the CLI would refuse, it refuses.
"""

import argparse
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import UTC, datetime
from pathlib import Path

import yaml

EXPERIMENTS = "/api/2.0/mlflow/experiments"
SECURABLES = {
    "schemas": ("/api/2.1/unity-catalog/schemas", ("catalog_name", "name")),
    "registered_models": ("/api/2.1/unity-catalog/models", ("catalog_name", "schema_name", "name")),
}


def main():
    if sys.argv[1:] == ["-v"]:
        return print("Databricks CLI v1.14.0-standin")
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle", choices=["bundle"])
    parser.add_argument("command", choices=["summary", "plan", "deploy", "destroy", "deployment"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--target", required=True)
    parser.add_argument("--output", choices=["json"])
    parser.add_argument("--plan")
    parser.add_argument("--auto-approve", action="store_true")
    parser.add_argument("--var", action="append", default=[])
    asked = parser.parse_intermixed_args()
    assert os.environ["DATABRICKS_BUNDLE_ENGINE"] == "direct", "the direct engine is wanted"
    bundle = Bundle(asked.target, dict(pair.split("=", 1) for pair in asked.var))
    if asked.output:
        return print(json.dumps({"summary": bundle.summary, "plan": bundle.plan}[asked.command]()))
    bundle.lock()
    try:
        if asked.command == "deploy":
            bundle.deploy(json.loads(Path(asked.plan).read_text()))
        elif asked.command == "destroy":
            bundle.destroy()
        else:
            {"bind": bundle.bind, "unbind": bundle.unbind}[asked.rest[0]](*asked.rest[1:])
    finally:
        unlock = if_there if asked.command == "destroy" else ask  # what it destroys, the lock is in
        unlock("POST", "/api/2.0/workspace/delete", {"path": f"{bundle.state_path}/deploy.lock"})


class Refusal(Exception):
    status = 0


def ask(method, place, body=None, raw=False, **query):
    url = os.environ["DATABRICKS_HOST"] + place + ("?" + urllib.parse.urlencode(query) if query else "")
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"}
    try:
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
    except urllib.error.HTTPError as error:
        said = json.loads(error.read() or b"{}")
        refusal = Refusal(f"{said.get('message', '')} ({error.code} {said.get('error_code', '')})")
        refusal.status = error.code
        raise refusal from None
    return content if raw else json.loads(content or b"{}")


def if_there(method, place, body=None, **given):
    try:
        return ask(method, place, body, **given)
    except Refusal as refusal:
        if refusal.status != 404:
            raise


class Bundle:
    def __init__(self, target, variables):
        self.me = ask("GET", "/api/2.0/preview/scim/v2/Me")["userName"]
        self.values = {f"var.{name}": value for name, value in variables.items()}
        self.values["workspace.current_user.short_name"] = re.sub(r"\W", "_", self.me.split("@")[0])
        written = self.filled(yaml.safe_load(Path("databricks.yml").read_text())["targets"][target])
        self.root, self.run_as = written["workspace"]["root_path"], written.get("run_as")
        self.state_path, self.config = f"{self.root}/state", {}
        for file in sorted(Path("resources").glob("*.yml")):
            for kind, those in yaml.safe_load(file.read_text())["resources"].items():
                self.config |= {f"resources.{kind}.{key}": self.filled(value) for key, value in those.items()}
        found = self.read("resources.json")
        self.state = json.loads(found) if found else {"lineage": str(uuid.uuid4()), "serial": 0, "state": {}}

    def filled(self, value):
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        known = lambda match: self.values.get(match[1], match[0])  # noqa: E731
        return re.sub(r"\$\{([\w.]+)\}", known, value) if isinstance(value, str) else value

    def read(self, name):
        given = {"path": f"{self.state_path}/{name}", "direct_download": "true", "format": "AUTO"}
        return if_there("GET", "/api/2.0/workspace/export", raw=True, **given)

    def write(self, name, content, overwrite="true"):
        path = urllib.parse.quote(f"{self.state_path}/{name}".lstrip("/"), safe="")
        ask("POST", "/api/2.0/workspace/mkdirs", {"path": self.state_path})
        ask("POST", f"/api/2.0/workspace-files/import-file/{path}", json.dumps(content).encode(), overwrite=overwrite)

    def lock(self):
        held = {"ID": str(uuid.uuid4()), "AcquisitionTime": datetime.now(UTC).isoformat(), "User": self.me}
        try:
            self.write("deploy.lock", {**held, "IsForced": False}, overwrite="false")
        except Refusal as refusal:
            if refusal.status not in (400, 409):
                raise
            other = json.loads(self.read("deploy.lock") or "{}")
            sys.exit(f"Error: deploy lock acquired by {other['User']} at {other['AcquisitionTime']}")

    def push(self):
        self.state["serial"] += 1
        self.write("resources.json", self.state)

    def known(self, key):
        return self.state["state"].get(key, {}).get("__id__")

    def summary(self):
        resources = {}
        for key, value in self.config.items():
            _, kind, name = key.split(".")
            number = self.known(key)
            extra = {"id": number, "url": f"{os.environ['DATABRICKS_HOST']}/{kind}/{number}"} if number else {}
            resources.setdefault(kind, {})[name] = {**value, **extra}
        for key in self.state["state"].keys() - self.config.keys():
            _, kind, name = key.split(".")
            resources.setdefault(kind, {})[name] = {"id": self.known(key), "modified_status": "deleted"}
        place = {"root_path": self.root, "state_path": self.state_path, "current_user": {"userName": self.me}}
        return {"workspace": place, "resources": resources}

    def plan(self):
        entries = {}
        # Schemas first: the others are in them.
        for key in sorted({*self.config, *self.state["state"]}, key=lambda key: ("schemas" not in key, key)):
            number = self.known(key)
            remote = remote_of(key, number) if number else None
            wanted = self.wanted(key) if key in self.config else None
            changes = dict(differences(remote, wanted)) if wanted and remote else {}
            action = "delete" if not wanted else "create" if not remote else "update" if changes else "skip"
            entries[key] = {"action": action, "changes": changes, "remote_state": remote}
            entries[key] |= {"new_state": {"value": wanted}} if wanted else {}
        return {"lineage": self.state["lineage"], "serial": self.state["serial"], "plan": entries}

    def wanted(self, key):
        value = {name: each for name, each in self.config[key].items() if name not in ("permissions", "grants")}
        if key.startswith("resources.jobs."):
            value |= {"run_as": self.run_as} if self.run_as else {}
            value["deployment"] = {"kind": "BUNDLE", "metadata_file_path": f"{self.state_path}/metadata.json"}
        return value

    def deploy(self, plan):
        if plan["serial"] != self.state["serial"]:
            sys.exit(f"Error: plan serial {plan['serial']} does not match state serial {self.state['serial']}")
        failed = []
        for key, entry in plan["plan"].items():
            try:
                self.apply(key, entry["action"], entry.get("new_state", {}).get("value"))
            except Refusal as refusal:
                failed.append(f"Error: cannot {entry['action']} {key}: {refusal}")
        self.push()
        if failed:
            sys.exit("\n".join(failed))

    def apply(self, key, action, value):
        if action == "create":
            self.state["state"][key] = {"__id__": create(key, value)}
        elif action == "update" and key.startswith("resources.jobs."):
            ask("POST", "/api/2.2/jobs/reset", {"job_id": int(self.known(key)), "new_settings": value})
        elif action == "delete":
            delete(key, self.state["state"].pop(key)["__id__"])

    def bind(self, name, number):
        key = next(key for key in self.config if key.endswith(f".{name}"))
        assert remote_of(key, number), f"{number} does not exist"
        self.state["state"][key] = {"__id__": number}
        self.push()

    def unbind(self, name):
        key = next((key for key in self.config if key.endswith(f".{name}")), None)
        if key is None:
            sys.exit(f"Error: no such resource: {name}")
        self.state["state"].pop(key, None)
        self.push()

    def destroy(self):
        for key, entry in self.state["state"].items():
            delete(key, entry["__id__"])
        ask("POST", "/api/2.0/workspace/delete", {"path": self.root, "recursive": True})


def differences(remote, wanted, path=""):
    """Where ``remote`` does not say what ``wanted`` does; the service fills in more, and sorts some lists."""
    if isinstance(wanted, dict) and isinstance(remote, dict):
        for name, each in wanted.items():
            yield from differences(remote.get(name), each, f"{path}.{name}" if path else name)
    elif isinstance(wanted, list) and isinstance(remote, list) and len(wanted) == len(remote):
        of_task = lambda item: item.get("task_key", "") if isinstance(item, dict) else ""  # noqa: E731
        pairs = zip(sorted(wanted, key=of_task), sorted(remote, key=of_task), strict=True)
        for index, (ours, theirs) in enumerate(pairs):
            yield from differences(theirs, ours, f"{path}[{index}]")
    elif remote != wanted:
        yield path, {"action": "update", "remote": remote, "new": wanted}


def create(key, value):
    if key.startswith("resources.jobs."):
        return str(ask("POST", "/api/2.2/jobs/create", value)["job_id"])
    if key.startswith("resources.experiments."):
        return ask("POST", f"{EXPERIMENTS}/create", {"name": value["name"]})["experiment_id"]
    place, parts = SECURABLES[key.split(".")[1]]
    ask("POST", place, value)
    return ".".join(value[part] for part in parts)


def remote_of(key, number):
    if key.startswith("resources.jobs."):
        found = if_there("GET", "/api/2.2/jobs/get", job_id=number)
        return found and {**found["settings"], "job_id": found["job_id"]}
    if key.startswith("resources.experiments."):
        found = if_there("GET", f"{EXPERIMENTS}/get", experiment_id=number)
        return found and {"name": "/Workspace" + found["experiment"]["name"]}
    return if_there("GET", f"{SECURABLES[key.split('.')[1]][0]}/{number}")


def delete(key, number):
    if key.startswith("resources.jobs."):
        if_there("POST", "/api/2.2/jobs/delete", {"job_id": int(number)})
    elif key.startswith("resources.experiments."):
        if_there("POST", f"{EXPERIMENTS}/delete", {"experiment_id": number})
    else:
        if_there("DELETE", f"{SECURABLES[key.split('.')[1]][0]}/{number}", force="true")


try:
    main()
except (Refusal, OSError) as error:
    sys.exit(f"Error: {error}")

"""Where telemetry is sent: what of the files reaches a target."""

from pathlib import Path

from framework.spec.target_spec import read_target

SECTION = """\
telemetry:
  otlp:
    endpoint: https://collector.example.org:4318
    headers: {api-key: "{{secrets/obs/key}}"}
"""


def conf(root: Path, **files: str) -> Path:
    (root / "conf").mkdir()
    for name, text in files.items():
        (root / "conf" / f"{name}.yml").write_text(text)
    return root


def test_nothing_is_sent_until_a_file_says_where_to(tmp_path: Path) -> None:
    conf(tmp_path, base="tags: {team: sales}\n")
    assert read_target(tmp_path, "local").telemetry.as_dict() == {}


def test_what_base_says_holds_for_local_too(tmp_path: Path) -> None:
    conf(tmp_path, base=SECTION)
    assert read_target(tmp_path, "local").telemetry.as_dict() == {
        "otlp": {"endpoint": "https://collector.example.org:4318", "headers": {"api-key": "{{secrets/obs/key}}"}}
    }


def test_a_target_adds_to_what_base_says(tmp_path: Path) -> None:
    prod = "mode: production\ncatalog: prod\nhost: https://prod.example.org\n"
    conf(tmp_path, base=SECTION, prod=prod + "telemetry: {openlineage: {url: 'https://lineage.example.org'}}\n")
    assert set(read_target(tmp_path, "prod").telemetry.as_dict()) == {"otlp", "openlineage"}


def test_variables_are_filled_in_for_local_too(tmp_path: Path) -> None:
    base = SECTION.replace("https://collector.example.org:4318", "${var.collector}")
    conf(tmp_path, base=f"variables: {{collector: 'http://127.0.0.1:4318'}}\n{base}")
    told = read_target(tmp_path, "local").telemetry.as_dict()
    assert told["otlp"]["endpoint"] == "http://127.0.0.1:4318"

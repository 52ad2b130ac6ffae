"""Files of native tasks that are there and still cannot be deployed."""

from framework.check.native_checks import native_files_exist

TASKS = "  - {task_key: a, spark_python_task: {python_file: ../scripts/a.py}}"
HIDDEN = TASKS.replace("scripts", ".scripts")


def test_a_link_must_stay_in_the_project(project, nightly, tmp_path):
    outside, link = tmp_path / "a.py", project / "scripts/a.py"
    link.parent.mkdir(exist_ok=True)
    outside.write_text("print(1)\n")
    link.symlink_to(outside)

    (finding,) = native_files_exist(nightly(TASKS))

    assert finding.summary == "'../scripts/a.py' is a link that leads out of the project"

    link.unlink()
    (project / "scripts/b.py").write_text("print(1)\n")
    link.symlink_to("b.py")

    assert list(native_files_exist(nightly(TASKS))) == []


def test_a_hidden_file_is_in_no_release(project, nightly):
    (project / ".scripts").mkdir()
    (project / ".scripts/a.py").write_text("print(1)\n")

    (finding,) = native_files_exist(nightly(HIDDEN))

    assert finding.summary == "'../.scripts/a.py' is hidden, and no release has it"

"""Credentials are found by their shape or by their name; what only stands for one is not."""

import pytest

from framework.check.credential_checks import hard_coded_credentials

NO_TASKS = "  - {task_key: a, condition_task: {op: EQUAL_TO, left: a, right: a}}"
# In pieces, so that nobody's scanner takes this file for a leak.
SHAPES = [
    "dapi" + "0123456789abcdef" * 2,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2c3D4e5F6" * 3,
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".c2lnbmF0dXJlLi4u",
    "AccountKey=" + "a1b2c3d4" * 8,
    "postgres://me:" + "hunter2@db.example.com/shop",
    "jdbc:sqlserver://db.example.com;user=me;" + "password=hunter2",
]


@pytest.fixture
def found(project, nightly):
    def findings(text: str, file: str = "src/shop/loading.py") -> list[str]:
        (project / file).parent.mkdir(exist_ok=True)
        (project / file).write_text(text)
        return [f"{each.location.line}:{each.location.column}" for each in hard_coded_credentials([nightly(NO_TASKS)])]

    return findings


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize("file", ["src/shop/a.py", "notebooks/a.ipynb", "sql/a.sql", "pipelines/a.yml", "tests/a.py"])
def test_a_shape_is_found_in_any_file(secret, file, found):
    assert found(f"# note\n# {secret}", file) == ["2:3"]


@pytest.mark.parametrize(
    "source",
    [
        "password = 'hunter2'",
        "self.dbPassword: str = 'hunter2'",
        "os.environ['SHOP_TOKEN'] = '3f786850e387550f'",
        "connect(api_key='3f786850e387550f')",
        "def connect(*, pwd='hunter2'): ...",
        "spark.conf.set('fs.azure.account.key.shop.dfs.core.windows.net', '3f786850e387550f')",
    ],
)
def test_a_literal_of_such_a_name_is_found(source, found):
    assert len(found(source)) == 1
    assert not found(source.replace("hunter2", "").replace("3f786850e387550f", ""))


@pytest.mark.parametrize(
    "source",
    [
        "password = dbutils.secrets.get('shop', 'db_password')",
        "PASSWORD = 'password'; TOKEN_VARIABLE = 'x1234567'; TOKEN = 'SHOP_TOKEN_2'",
        "schema = {'token': 'string', 'account_key': 'bigint'}; pad_token = '<pad>'",
        "option('password', '{{secrets/shop/db}}'); password = '<password>'; token = f'{x}12345678'",
        "url = 'postgres://{user}:{password}@db.example.com'; other = 'https://example.com:80/@x'",
        "password = '${DB_PASSWORD}'; password = 'ask the owner for it'; password = '********'",
        "key = 'AKIAIOSFODNN7" + "EXAMPLE'",
        "tokenizer = '3f786850e387550f'; max_tokens = '3f786850e387550f'",
    ],
)
def test_what_only_stands_for_a_credential_is_none(source, found):
    assert found(source) == []


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("password: hunter2", 1),
        ('- {user: me, db_password: "hunter2"}', 1),
        ("client-secret: '3f786850e387550f'  # new", 1),
        ('password: "{{secrets/shop/db}}"', 0),
        ("password: ${var.password}", 0),
        ("password: true", 0),
        ("columns: {token: string, password_hash: text}", 0),
        ("description: needs a password: see below", 0),
    ],
)
def test_yaml_keys_of_such_a_name(line, count, found):
    assert len(found(f"{line}\n", "settings.yml")) == count


def test_a_password_made_up_for_a_test_is_none(found):
    assert found("password = 'hunter2'", "tests/test_loading.py") == []


def test_the_credential_itself_is_in_no_message(project, nightly):
    (project / "src/shop/loading.py").write_text(f"password = 'hunter2'\nx = '{SHAPES[0]}'")

    text = "".join(map(str, hard_coded_credentials([nightly(NO_TASKS)])))

    assert "hunter2" not in text
    assert SHAPES[0] not in text


def test_a_password_in_a_targets_file_is_found(project, nightly):
    pipeline = nightly(NO_TASKS)
    (project.parents[1] / "conf/dev.yml").write_text("variables:\n  db_password: hunter2\n")

    (finding,) = hard_coded_credentials([pipeline])

    assert str(finding.location) == "conf/dev.yml:2:3"

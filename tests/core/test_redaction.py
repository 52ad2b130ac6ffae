"""Credentials are hidden by their shape and by their name; ordinary text stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.core.redaction import names_a_secret, without_credentials, without_secrets

# In pieces: whole ones in a file would be findings of whoever looks for them.
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTYifQ" + ".c2lnbmF0dXJlLW9mLWl0"
KEY = "PRIVATE" + " KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        "password=SECRET1", "Password: SECRET1", '{"password": "SECRET1"}', "{'api_key': 'SECRET1'}",
        r"{\"client_secret\": \"SECRET1\"}", 'env["DB_PASSWORD"] = "SECRET1"', "dbPassword => SECRET1",
        "https://user:SECRET1@example.com/x", "redis://:SECRET1@cache:6379", "postgresql://me:SECRET1%40@db/x",
        "jdbc:sqlserver://h;user=a;password=SECRET1;x=1", "https://h/x?access_token=SECRET1&page=2",
        "https://h/x?sv=1&sig=SECRET1%3D&se=2", "Authorization: Bearer SECRET1.abc", "with Bearer SECRET1abc.def in it",
        "Authorization: Basic SECRET1==", "--password SECRET1", "sc://localhost:15002/;token=SECRET1",
        "secret: SECRET1", "aws_secret_access_key = SECRET1/abc", "token_2=SECRET1", "smtp_pass=SECRET1",
        "{'password': b'SECRET1'}", r'{"password": "a\"SECRET1"}', r"{\"password\": \"a\\\"SECRET1\"}",
        "password=Xy7(SECRET1", "password=Xy7)SECRET1", f"password='{'x' * 3000}SECRET1'",
        f"-----BEGIN RSA {KEY}\nSECRET1\nabc==\n-----END RSA {KEY}",
        f"-----BEGIN {KEY}\\nSECRET1\\n-----END {KEY}",
    ],
)  # fmt: skip
def test_what_is_given_to_a_name_or_stands_in_a_url(text):
    assert "SECRET1" not in without_credentials(text)
    assert "[REDACTED]" in without_credentials(text)


@pytest.mark.parametrize(
    "token", [f"dapi{'0f' * 16}", f"dose{'0f' * 16}", "AKIA" + "IOSFODNN7EXAMPLE", f"ghp_{'a1' * 18}", JWT]
)
def test_what_has_the_shape_of_a_token(token):
    hidden = without_credentials(f"got {token}, and went on")
    assert token not in hidden and hidden.startswith("got ") and hidden.endswith(", and went on")


@pytest.mark.parametrize(
    "text",
    [
        "wrote 512 rows to prod.features.weekly_demand@7", "max_tokens=100", " |-- token: string (nullable = true)",
        "mismatched token: '}'", 'password = context.secret("shop", "db")', "models:/shop.demand@champion",
        "see https://example.com:8080/@me", "the key: stock_code", "design=new", "password is required",
        "secrets/scope/key", "password=[REDACTED]", "token=${TOKEN}", "the tokenizer=bpe", "token = read(path.name)",
        "a by-pass: open", "password=[REDACTED])",
    ],
)  # fmt: skip
def test_ordinary_text_stays(text):
    assert without_credentials(text) == text


def test_values_by_their_keys():
    given = {"db_password": "1", "api_key": "x y", "SMTP_PASS": "z", "as_of": "2011-11-07", "url": "s3://u:p1@h"}
    assert without_secrets(given) == {
        "db_password": "[REDACTED]", "api_key": "[REDACTED]", "SMTP_PASS": "[REDACTED]", "as_of": "2011-11-07",
        "url": "s3://u:[REDACTED]@h",
    }  # fmt: skip


def test_names():
    assert all(map(names_a_secret, ("token", "FRAMEWORK_SECRET_A_B", "clientSecret", "password2", "authorization")))
    assert all(map(names_a_secret, ("ENCRYPTION_KEY", "DD_APP_KEY", "signing-key", "LICENSE_KEY", "GITHUB_PAT")))
    assert not any(map(names_a_secret, ("tokens", "max_tokens", "key", "primary_key", "passengers", "bypass", "spat")))


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    once = without_credentials(text)
    assert without_credentials(once) == once


@pytest.mark.parametrize(
    "piece", ["password='", "://a:", "eyJ", "Bearer ", "jdbc:;", "token=token=", "--a-", "pwd=a(b", 'pwd="\\', "pwd=a)"]
)
def test_long_texts_take_no_long_time(piece):
    without_credentials(piece * 30_000)

import re
import secrets
import traceback
from pathlib import Path

import pytest

from importer.config import SETTINGS, Setting, Settings
from importer.errors import SettingsError
from importer.time_limits import ALIVE_SECONDS, IDLE_IN_TRANSACTION_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS

REQUIRED = {
    "SECRET_KEY": "s" * 40,
    "DATABASE_URL": "postgres://user:pass@db.example:5432/app",
    "REDIS_URL": "redis://redis.example:6379/0",
    "S3_BUCKET": "files",
}
README = Path(__file__).parents[2] / "README.md"


def test_defaults_fill_everything_that_is_not_required():
    settings = Settings.from_environment(REQUIRED)
    assert settings.max_queued_rows == 10_000
    assert settings.keep_files is False
    assert settings.record_types == ()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_the_database_url_names_its_driver_whatever_the_platform_wrote(scheme):
    settings = Settings.from_environment(REQUIRED | {"DATABASE_URL": f"{scheme}://u:p@h/d?sslmode=require"})
    assert settings.database_url == "postgresql+psycopg2://u:p@h/d?sslmode=require"


def test_every_missing_setting_is_named_at_once_with_its_meaning():
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({})
    for name in REQUIRED:
        assert f"{name} is not set: " in error.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("On", True), (" YES ", True), ("1", True), ("False", False), ("off", False)],
)
def test_a_flag_is_read_however_people_write_it(text, value):
    assert Settings.from_environment(REQUIRED | {"KEEP_FILES": text}).keep_files is value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAX_QUEUED_ROWS", "0"),
        ("MAX_QUEUED_ROWS", "many"),
        ("KEEP_FILES", "perhaps"),
        ("SLICE_SECONDS", "-1"),
        ("SLICE_SECONDS", "nan"),
        ("SLICE_SECONDS", "inf"),
        ("QUEUED_SECONDS", "-1"),
        ("ROW_TIMEOUT", "nan"),
        ("DATABASE_URL", "mysql://x"),
        ("REDIS_URL", "redis.example:6379"),
        ("BASE_URL", "importer.example"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://[::1]:8000"),
        ("BASE_URL", "https://[::1"),
        ("ALLOWED_HOSTS", "importer.example,https://other.example"),
        ("ALLOWED_HOSTS", "importer.example:8000"),
        ("REDIS_PREFIX", "a b"),
        ("REDIS_PREFIX", "{slot}"),
    ],
)
def test_a_malformed_setting_is_named_with_what_it_should_be(name, text):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(REQUIRED | {name: text})


def test_every_wrong_setting_is_named_at_once_with_its_value_and_its_meaning():
    with pytest.raises(SettingsError) as error:
        Settings.from_environment(REQUIRED | {"WEB_THREADS": "0", "KEEP_FILES": "perhaps"})
    assert error.value.message.splitlines() == [
        "KEEP_FILES='perhaps' is wrong: should be a valid boolean, unable to interpret input. "
        "It is: `true` keeps the object in S3 after the import has ended.",
        "WEB_THREADS='0' is wrong: should be greater than 0. "
        "It is: requests that a web process serves at once, and beside them as many uploads; of more uploads each "
        "waits 20 seconds for its place, and is then asked to come again.",
    ]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_the_value_of_a_secret_is_in_no_message_and_no_traceback(name):
    password = secrets.token_hex(4)
    with pytest.raises(SettingsError, match=f"{name} is wrong") as error:
        Settings.from_environment(REQUIRED | {name: f"ftp://user:{password}@host"})
    assert password not in "".join(traceback.format_exception(error.value))


def test_settings_that_are_printed_tell_no_secret():
    printed = repr(Settings.from_environment(REQUIRED))
    assert "s3_bucket='files'" in printed
    assert "sss" not in printed
    assert "example" not in printed


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("MAX_UPLOAD_BYTES", "52428800000"),
        ("SLICE_SECONDS", "8"),
        ("BATCH_SECONDS", "5"),
        ("ROW_TIMEOUT", "12"),
    ],
)
def test_a_setting_beyond_its_bound_is_refused_with_the_bound_and_its_meaning(name, most):
    Settings.from_environment(REQUIRED | {name: most})
    with pytest.raises(SettingsError) as error:
        Settings.from_environment(REQUIRED | {name: f"{int(most) + 1}"})
    refused, _, meaning = error.value.message.partition(" It is: ")
    assert refused == f"{name}='{int(most) + 1}' is wrong: should be less than or equal to {most}."
    assert f"at most {most}" in meaning


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("SLICE_SECONDS", "3600", f"short beside the {ALIVE_SECONDS} after which a dispatcher"),
        ("BATCH_SECONDS", "60", f"after {STATEMENT_SECONDS}, of which it may wait {LOCK_SECONDS} for a lock"),
        ("ROW_TIMEOUT", "14", f"ends a transaction that idles for {IDLE_IN_TRANSACTION_SECONDS}"),
    ],
)
def test_a_time_that_outlasts_what_is_around_it_is_refused_with_what_that_is(name, text, reason):
    with pytest.raises(SettingsError, match=reason):
        Settings.from_environment(REQUIRED | {name: text})


def test_a_short_secret_key_is_refused_and_not_repeated():
    Settings.from_environment(REQUIRED | {"SECRET_KEY": "16 characters ok"})
    with pytest.raises(SettingsError, match="SECRET_KEY is wrong: should have at least 16 characters") as error:
        Settings.from_environment(REQUIRED | {"SECRET_KEY": "15 characters x"})
    assert "15 characters x" not in error.value.message


def test_an_empty_variable_counts_as_not_set():
    assert Settings.from_environment(REQUIRED | {"SLICE_SECONDS": ""}).slice_seconds == 5


def test_the_readme_lists_every_setting_with_its_default_and_meaning():
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.*?) \| (.*?) \|$", README.read_text(), re.MULTILINE)
    assert {name: row for name, *row in rows} == {
        setting.name: [default_of(setting), setting.meaning] for setting in SETTINGS
    }


def default_of(setting: Setting) -> str:
    """As the README writes it."""
    if setting.default is None:
        return "required"
    return f"`{setting.default}`" if setting.default else "none"

"""The address of a Redis with sentinels is read, or refused with how it should be."""

import pytest
from redis.sentinel import SentinelManagedSSLConnection

from importer.config import Settings
from importer.connections import connect_redis
from importer.errors import SettingsError
from importer.sentinel import SentinelAddress

REQUIRED = {"SECRET_KEY": "s" * 40, "DATABASE_URL": "postgres://db.example/app", "S3_BUCKET": "files"}


def test_an_address_names_sentinels_primary_database_and_account():
    read = SentinelAddress.parse("redis+sentinel://ann:p%40ss@one:1000,two,[::1]:3000/main/2?sentinel_password=x")
    assert read.sentinels == [("one", 1000), ("two", 26379), ("::1", 3000)]
    assert (read.primary, read.database, read.has_tls) == ("main", 2, False)
    assert read.login == {"username": "ann", "password": "p@ss"}
    assert read.sentinel_login == {"password": "x"}


def test_user_password_and_database_may_be_left_out():
    read = SentinelAddress.parse("redis+sentinel://one/main")
    assert (read.sentinels, read.database, read.login, read.sentinel_login) == ([("one", 26379)], 0, {}, {})


@pytest.mark.parametrize(
    "rest", ["one", "one/", "/main", "one:x/main", "one,/main", "one/main/x", "one/main?db=1"]
)
def test_an_address_that_lacks_something_is_refused_with_how_it_should_be(rest):
    with pytest.raises(SettingsError, match="name of the primary") as error:
        Settings.from_environment({**REQUIRED, "REDIS_URL": f"redis+sentinel://user:secret@{rest}"})
    assert "secret" not in error.value.message


def test_tls_is_for_the_sentinels_too_and_needs_no_valid_certificate_where_a_setting_says_so():
    settings = {**REQUIRED, "REDIS_URL": "rediss+sentinel://one/main", "REDIS_TLS_VERIFY": "false"}
    client = connect_redis(Settings.from_environment(settings), tries=1, socket_timeout=1)
    pool = client.connection_pool
    assert issubclass(pool.connection_class, SentinelManagedSSLConnection)
    for options in (pool.connection_kwargs, pool.sentinel_manager.sentinels[0].connection_pool.connection_kwargs):
        assert (options["ssl_cert_reqs"], options["ssl_check_hostname"]) == (None, False)

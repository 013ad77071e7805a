"""A Redis whose certificate cannot be verified: each process says so at once, and which setting accepts it."""

import time

import pytest
from certificates import write_self_signed
from proxies import LossyProxy
from redis.exceptions import RedisError
from waiting import wait_until

from importer.connections import CERTIFICATE_REFUSED, JOBS_TRIES, connect_redis
from importer.health.checks import Examination
from importer.queue import queues

SAID = f"{CERTIFICATE_REFUSED} (self-signed certificate)"


@pytest.fixture
def address(services, tmp_path):
    """Of the tests' Redis, encrypted."""
    proxy = LossyProxy(services.redis.connection_pool.connection_kwargs["port"])
    proxy.encrypt(write_self_signed(tmp_path / "certificate.pem"))
    with proxy:
        yield f"rediss://127.0.0.1:{proxy.port}/0"


def test_dispatcher_and_worker_say_within_seconds_what_to_set(world, processes, address):
    programs = [processes.dispatcher(REDIS_URL=address), processes.worker(REDIS_URL=address)]
    for program in programs:
        wait_until(lambda program=program: SAID in program.log_tail(), "it says so", seconds=10)
        assert "Traceback" not in program.log_tail(100)
        assert program.running  # a certificate can be replaced meanwhile


def test_with_that_setting_they_work(world, processes, address):
    processes.worker(REDIS_URL=address, REDIS_TLS_VERIFY="false")
    assert wait_until(lambda: queues.living_workers(world.redis, queues.LOW), "it is registered") == 1


def test_the_pages_say_it_too(world, setting, address):
    settings = world.services.settings.model_copy(update={"redis_url": address})
    world.services.redis = connect_redis(settings, tries=JOBS_TRIES, socket_timeout=3)
    began = time.monotonic()
    (found,) = Examination(world.services, ["redis"]).findings()
    assert not found.ok
    assert found.message.startswith(SAID)
    with pytest.raises(RedisError, match="REDIS_TLS_VERIFY"):
        world.services.redis.ping()
    assert time.monotonic() - began < 2

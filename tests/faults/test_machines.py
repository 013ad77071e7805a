"""Dispatchers and workers on several machines need nothing in common but three addresses."""

import os
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import machines
import pytest
from accounting import assert_as_undisturbed
from samples import people
from waiting import wait_until

from importer.queue import queues

pytestmark = pytest.mark.skipif(not machines.unshare_command(), reason="no network namespaces can be made here")

QUEUES = ("high", "low", "low")


@pytest.fixture
def elsewhere(environment, tmp_path):
    """A dispatcher and two workers, each on a machine of its own; another one with `start()`."""
    ports = [urlsplit(environment[name]).port for name in machines.ADDRESSES]
    with ExitStack() as stack:
        wires = stack.enter_context(machines.wires(ports))

        def start(queue: str, name: str):
            program = machines.start(queue, environment, tmp_path / name, wires)
            stack.callback(program.kill)
            return program

        yield start


def network_of(process_id: int | str) -> str:
    return os.readlink(f"/proc/{process_id}/ns/net")


def test_workers_that_share_nothing_but_three_addresses_import_every_row_once(world, elsewhere):
    sample = people(60_000, keys=2000)
    programs = [elsewhere(queue, f"machine{number}") for number, queue in enumerate(QUEUES)]
    import_id = world.upload(sample.csv)
    wait_until(lambda: world.find(import_id).ended_rows > 1000, "rows have ended")
    assert len({network_of("self"), *(network_of(program.pid) for program in programs)}) == len(QUEUES) + 1
    programs[1].kill()
    assert world.find(import_id).ended_rows < sample.rows
    world.release_recovery()
    wait_until(lambda: world.status(import_id) == "completed", "it is completed without that worker")
    wait_until(lambda: not queues.queued_rows(world.redis, import_id), "the dead worker's jobs are done with")
    wait_until(lambda: world.is_cleaned(import_id), "Redis and S3 are cleaned")
    assert_as_undisturbed(world, {import_id: sample})
    assert {worker.hostname for worker in world.workers_of("low")} == {"importer"}


def test_from_a_network_of_its_own_no_server_is_reached_directly(servers):
    probe = f"import socket; socket.create_connection(('127.0.0.1', {servers.valkey.port}))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
    alone = [*machines.unshare_command(), sys.executable, "-c", probe]
    assert b"unreachable" in subprocess.run(alone, check=False, capture_output=True).stderr

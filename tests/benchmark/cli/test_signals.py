"""A command ends within seconds of Ctrl-C, SIGTERM or SIGHUP, says so, and leaves no process behind."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from bandbench.benchmark.cli import signals

# A command that computes, or waits, where Python runs no handler.
STUBBORN = """\
import os, signal, sys, time
from bandbench.benchmark.cli.signals import stopping

def swallow():
    while True:
        try:
            print("ready", flush=True)
            time.sleep(3600)
        except KeyboardInterrupt:
            print("swallowed", flush=True)

with stopping() as stop:
    swallow()
"""
MILD = """\
import time
from bandbench.benchmark.cli import entry, main

def work(arguments):
    print("ready", flush=True)
    time.sleep(3600)

entry._call = work
main(["run", "my study"])
"""


# The tests themselves may run where signals are ignored, as below `nohup`, which processes inherit.
AS_IN_A_TERMINAL = """\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
"""


def started(code: str, **options: bool) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", AS_IN_A_TERMINAL + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


# A signal that comes while an object is destroyed, where Python drops exceptions: twice here.
DROPPED = """\
import os, signal, time
from bandbench.benchmark.cli import entry, main

class Slow:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(3600)

class Slower:
    def __del__(self):
        time.sleep(3600)

def work(arguments):
    Slow()
    Slower()
    while True:
        time.sleep(0.001)

entry._call = work
main(["run", "my study"])
"""


# A library that logs whatever stops it, as SQLAlchemy does where it closes a connection.
LOGGED = """\
import logging, time
from bandbench.benchmark.cli import entry, main

def work(arguments):
    logging.getLogger("library").error("first")
    try:
        print("ready", flush=True)
        time.sleep(3600)
    except BaseException:
        logging.getLogger("library").error("closing", exc_info=True)
        raise

entry._call = work
main(["run", "my study"])
"""


def test_a_library_that_logs_the_interrupt_shows_no_traceback() -> None:
    with started(LOGGED) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("first\nStopped by Ctrl-C. What was finished is kept; the same command continues: ")


def test_a_signal_that_comes_while_objects_are_destroyed_is_not_dropped() -> None:
    with started(DROPPED) as process:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err.startswith("Stopped by SIGTERM. What was finished is kept; the same command continues: ")
    assert err.endswith("bench run 'my study'\n")


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143), (signal.SIGHUP, "SIGHUP", 129)],
)
def test_a_signal_ends_the_command_and_says_how_to_go_on(number: int, name: str, code: int) -> None:
    with started(MILD) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert err.startswith(f"Stopped by {name}. What was finished is kept; the same command continues: ")
    assert err.endswith("bench run 'my study'\n")


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    with started(f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{MILD}") as process:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_does_not_end_in_order_is_ended(number: int) -> None:
    with started(STUBBORN) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "swallowed" in out and err == "bench: stopped at once. What was finished is kept.\n"


def test_a_second_signal_ends_at_once() -> None:
    patient = f"from bandbench.benchmark.cli import signals\nsignals.PATIENCE = 3600\n{STUBBORN}"
    with started(patient) as process:
        assert process.stdout is not None
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "swallowed\n"
        time.sleep(2 * signals.APART)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


def test_the_same_signal_by_two_ways_is_one() -> None:
    """`timeout` signals its command and then the group, `uv run` passes on what the terminal has sent already."""
    with started(MILD) as process:
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 143 and "the same command continues" in err


def test_handlers_are_put_back_after_a_command_that_ended_by_itself() -> None:
    before = [signal.getsignal(number) for number in signals.NAMES]
    with signals.stopping() as stop:
        assert signal.getsignal(signal.SIGTERM) == stop.interrupt
    assert [signal.getsignal(number) for number in signals.NAMES] == before
    assert stop.number is None


PARENT = """\
import subprocess, sys
from bandbench.benchmark.cli import entry, main

def work(arguments):
    ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"
    for new_session in (False, True):
        child = subprocess.Popen([sys.executable, "-c", ignoring], start_new_session=new_session)
        print(child.pid, flush=True)
    print("ready", flush=True)
    child.wait()

entry._call = work
main(["run"])
"""


def test_no_child_is_left() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [psutil.Process(int(process.stdout.readline())) for _ in range(2)]
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    assert psutil.wait_procs(children, timeout=60)[1] == []

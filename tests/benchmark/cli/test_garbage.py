"""A command rarely searches for garbage, and not when it ends."""

import subprocess
import sys

from bandbench.benchmark.cli.garbage import NEW_OBJECTS

PROGRAM = """
import gc, sys
from bandbench.benchmark.cli.garbage import NEW_OBJECTS, search_seldom
before = gc.get_threshold()
search_seldom()
print(gc.get_threshold() == (NEW_OBJECTS, *before[1:]), NEW_OBJECTS > before[0])
cycle = []
cycle.append(cycle)
gc.callbacks.append(lambda phase, info: print(phase, len(gc.get_objects())) if phase == "start" else None)
"""


def test_a_process_searches_seldom_and_its_end_finds_nothing_to_search() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True True", "start 0"]


COMMAND = """
import gc
from bandbench.benchmark.cli import main
try:
    main(["--version"])
finally:
    print(gc.get_threshold()[0])
"""


def test_a_command_searches_seldom() -> None:
    done = subprocess.run([sys.executable, "-c", COMMAND], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == str(NEW_OBJECTS)

import subprocess
import sys

STORY = """
import gc
from services.common import garbage


class Cycle:
    def __init__(self):
        self.own = self
        alive.append(id(self))

    def __del__(self):
        alive.remove(id(self))


alive = []
garbage.hold()
garbage.go()
state = [[number] for number in range(100_000)]
gc.collect()
print(gc.get_freeze_count() > 100_000, len(gc.get_objects()) < 10_000)
Cycle()
gc.collect()
print(len(alive))
before = gc.get_freeze_count()
del state
print(before - gc.get_freeze_count() > 100_000)
"""


def test_what_survived_a_full_collection_is_not_looked_at_again_and_new_cycles_still_go() -> None:
    done = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "0", "True"]

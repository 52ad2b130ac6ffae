"""What the engine hears of its children."""

import subprocess
import sys

ENDS_WHILE_SOMEBODY_LOOKS = """
from select import select

from framework.local.children import Children, wait_status
from framework.local.process import Guardian

children = Children(Guardian(()), lambda: None)
children.heard()
pid = children.fork(lambda: None)
assert select([children.wakeup], [], [], 10)[0]
children.clear({pid})
assert select([children.wakeup], [], [], 0)[0], "nobody would ever look again"
assert wait_status(pid) == 0
"""


def test_a_child_that_ends_right_after_a_look_is_found_by_the_next_one():
    code = [sys.executable, "-c", ENDS_WHILE_SOMEBODY_LOOKS]
    done = subprocess.run(code, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")

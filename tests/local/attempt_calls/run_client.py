"""A run of its own: connects to the engine of a directory, starts one attempt, and waits for it until it is killed."""

import signal
import sys
from pathlib import Path

from framework.local.engine import Engine
from framework.local.paths import LocalPaths
from framework.local.protocol import AttemptSpec


def main(root: str, function: str, *argv: str) -> None:
    # Who runs the tests in the background of a shell has it ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(root)
    with Engine.connect(LocalPaths(folder), lambda event: print(event, file=sys.stderr)) as engine:
        print(engine.info.pid, engine.info.java_home, flush=True)
        engine.start(
            AttemptSpec(
                attempt_id=function,
                argv=argv,
                call=f"attempt_calls:{function}",
                directory=folder / function,
                cwd=folder,
                sys_path=(str(Path(__file__).parent),),
            )
        )
        while not (ended := engine.wait(None)):
            pass
        print(ended[0].exit_code, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

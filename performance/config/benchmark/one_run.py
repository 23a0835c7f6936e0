"""One worker of a score run in a process of its own: what `benchmark scoring` measures.

It says that it is ready, waits for a line, takes parts until there are none, and prints peak memory, the seconds of a
processor that it took itself, and the moment of its end as JSON.
"""

import json
import resource
import sys
import time
import uuid

import django


def main(organisation: str, run: str) -> None:
    django.setup()

    from performance.config.celery import leave_what_is_loaded, load_addresses
    from performance.foundation import tenancy
    from performance.scoring import tasks

    load_addresses()
    leave_what_is_loaded()
    with tenancy.remembering(uuid.UUID(organisation)):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        begun = resource.getrusage(resource.RUSAGE_SELF)
        before = begun.ru_utime + begun.ru_stime
        tasks.help_with_run.run(run)
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "ended_at": time.time(),
        "peak_kb": used.ru_maxrss,
        "python_s": used.ru_utime + used.ru_stime - before,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

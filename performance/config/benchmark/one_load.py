"""One load in a process of its own: what `benchmark load` measures. Prints rows, seconds and peak memory as JSON."""

import json
import resource
import sys
import time
import uuid

import django


def main(organisation: str, dataset: str) -> None:
    django.setup()

    from django.utils import timezone

    from performance.foundation import tenancy
    from performance.sources import actions, models

    organisation_id = uuid.UUID(organisation)
    with tenancy.acting_for(organisation_id):
        load = actions.start_load(
            dataset=models.Dataset.objects.get(pk=dataset), is_full=True, by=None, at=timezone.now()
        )
    begun = time.perf_counter()
    with tenancy.remembering(organisation_id):
        actions.run_load(load_id=load.pk, clock=timezone.now)
    seconds = time.perf_counter() - begun
    with tenancy.acting_for(organisation_id):
        load.refresh_from_db()
    told = {
        "problem": str(load.problem),
        "rows": load.rows_inserted + load.rows_unchanged,
        "seconds": seconds,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

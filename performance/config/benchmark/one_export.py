"""One export in a process of its own: what `benchmark export` measures. Prints rows, seconds and peak memory as JSON."""

import json
import resource
import sys
import time
import uuid

import django


def main(organisation: str, export_id: str) -> None:
    django.setup()

    from performance.appraisals import actions
    from performance.appraisals.models import Export
    from performance.foundation import tenancy

    organisation_id, key = uuid.UUID(organisation), uuid.UUID(export_id)
    begun = time.perf_counter()
    with tenancy.remembering(organisation_id):
        actions.run_export(export_id=key)
    seconds = time.perf_counter() - begun
    with tenancy.acting_for(organisation_id):
        export = Export.objects.get(pk=key)
    told = {
        "state": export.state,
        "problem": export.error,
        "rows": export.rows,
        "bytes": export.bytes,
        "seconds": seconds,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""One command for all measurements, one sub-command per subject."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from performance.config.benchmark import check_in, export, forecast, load, metrics, scoring, web

SUBJECTS = {
    "web": web,
    "check-in": check_in,
    "scoring": scoring,
    "load": load,
    "metrics": metrics,
    "forecast": forecast,
    "export": export,
}


class Command(BaseCommand):
    help = (
        "Measures a subject on a throwaway database that it seeds and drops. Prints a table; with --json one JSON "
        "object as the last line. Ends with 1 when it finds a problem and --strict is given."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True, metavar="subject")
        for name, subject in SUBJECTS.items():
            of_subject = subjects.add_parser(name, help=subject.HELP, description=subject.HELP)
            of_subject.add_argument("--json", action="store_true", help="End with one JSON object.")
            of_subject.add_argument(
                "--strict", action="store_true", help="Exit with 1 when there is a problem."
            )
            subject.add_arguments(of_subject)

    def handle(self, *args: Any, **options: Any) -> None:
        found = SUBJECTS[options["subject"]].run(options, self.stderr.write)
        found.print(self.stdout, as_json=options["json"])
        if options["strict"] and found.problems:
            raise SystemExit(1)

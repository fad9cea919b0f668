import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracker.models import Release
from tracker.releases import making


class Command(BaseCommand):
    help = (
        "Release the data as they are, numbered and for good. With --again: write the "
        "files of a release anew, from the record, and compare."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--again", type=int, metavar="NUMBER", help="make that release again"
        )
        parser.add_argument(
            "--into", type=Path, metavar="FOLDER", help="where --again leaves its files"
        )

    def handle(self, *args, **options) -> None:
        if options["into"] and options["again"] is None:
            raise CommandError("--into goes with --again NUMBER: nothing was made.")
        if options["again"] is not None:
            return self._again(options["again"], options["into"])
        try:
            release = making.make_release(at=timezone.now())
        except making.NothingNew as nothing:
            self.stdout.write(str(nothing))
        except making.NotMade as error:
            raise CommandError(str(error)) from error
        else:
            self.stdout.write(release.citation)

    def _again(self, number: int, into: Path | None) -> None:
        release = Release.objects.filter(number=number).first()
        if release is None:
            raise CommandError(f"There is no release {number}.")
        if into and into.exists() and any(into.iterdir()):
            raise CommandError(f"{into} is not empty. Name a new folder.")
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            target = into or Path(folder)
            target.mkdir(parents=True, exist_ok=True)
            findings = list(making.compare_again(release, target))
        for finding in findings:
            self.stdout.write(finding)
        if findings:
            raise CommandError(f"Release {number} came out different.", returncode=2)
        self.stdout.write(f"Release {number} made again: every byte is the same.")

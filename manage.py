#!/usr/bin/env python
"""Django's command line for the tracker."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, DatabaseError, OSError) as error:
        # What the operator mends, not the code: a sentence, not where it came up.
        if "--traceback" in sys.argv:
            raise
        told = f"{type(error).__name__}: {error}"
        if isinstance(error, DatabaseError):
            told += "\nIs the database there, and is `manage.py migrate` done?"
        sys.exit(told)

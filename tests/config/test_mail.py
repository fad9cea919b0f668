"""One variable chooses how mail leaves; without it, mails are files and are printed."""

from email import message_from_bytes, policy
from importlib.machinery import ModuleSpec

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, get_connection

from config import mail


def chosen(url, tmp_path="/nowhere"):
    return mail.configured(url, folder=tmp_path)


def test_without_a_choice_each_mail_is_a_file_and_is_printed(
    tmp_path, settings, capsys
):
    given = chosen("", tmp_path / "mail")
    settings.EMAIL_FILE_PATH = given["EMAIL_FILE_PATH"]
    connection = get_connection(given["EMAIL_BACKEND"])
    messages = [
        EmailMessage(f"Nr {n}", "报告", "a@example.org", ["b@example.org"])
        for n in range(3)
    ]

    assert connection.send_messages(messages) == 3

    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 3
    for n, file in enumerate(files):
        read = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert (read["Subject"], read.get_content().strip()) == (f"Nr {n}", "报告")
        assert file.suffix == ".eml" and file.stat().st_mode & 0o077 == 0
    assert "Subject: Nr 2" in capsys.readouterr().out


def test_logs_that_are_gathered_hold_no_mail(tmp_path, settings, capsys, caplog):
    given = chosen("", tmp_path)
    settings.EMAIL_FILE_PATH, settings.LOG_FORMAT = given["EMAIL_FILE_PATH"], "json"
    message = EmailMessage("Confirm", "a link", "a@example.org", ["b@example.org"])
    assert get_connection(given["EMAIL_BACKEND"]).send_messages([message]) == 1
    (file,) = tmp_path.iterdir()
    assert capsys.readouterr().out == ""
    assert [line for line in caplog.messages if file.name in line]
    assert "example.org" not in caplog.text


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.org:25", "mail.example.org", 25, None, None),
        (
            "smtp+tls://u:p%40w@mail.example.org:587",
            "mail.example.org",
            587,
            True,
            None,
        ),
        (
            "smtp+ssl://u:p%40w@mail.example.org:465",
            "mail.example.org",
            465,
            None,
            True,
        ),
    ],
)
def test_a_mail_server_is_chosen_by_its_address(url, host, port, tls, ssl):
    given = chosen(url)

    assert given["EMAIL_BACKEND"] == "tracker.backends.SMTP"
    assert (given["EMAIL_HOST"], given["EMAIL_PORT"]) == (host, port)
    assert given["EMAIL_TIMEOUT"] == 30
    assert (given.get("EMAIL_USE_TLS"), given.get("EMAIL_USE_SSL")) == (tls, ssl)
    if tls or ssl:
        assert given["EMAIL_HOST_PASSWORD"] == "p@w"


def test_a_server_may_be_given_less_time():
    assert chosen("smtp://mail.example.org:25?timeout=5")["EMAIL_TIMEOUT"] == 5


@pytest.mark.parametrize("url", ["mail.example.org", "pop3://x", "anymail://mailgun"])
def test_what_cannot_be_chosen_is_refused_in_words(url, monkeypatch):
    monkeypatch.setattr(mail, "find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        chosen(url)


def test_a_provider_is_chosen_with_its_settings(monkeypatch):
    monkeypatch.setattr(mail, "find_spec", lambda name: ModuleSpec(name, None))

    given = chosen("anymail://mailgun?api_key=a%2Bb&sender_domain=example.org")

    assert given == {
        "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
        "ANYMAIL": {
            "MAILGUN_API_KEY": "a+b",
            "MAILGUN_SENDER_DOMAIN": "example.org",
        },
    }


def test_a_provider_that_anymail_does_not_know_is_named(monkeypatch):
    monkeypatch.setattr(
        mail,
        "find_spec",
        lambda name: ModuleSpec(name, None) if name == "anymail" else None,
    )
    with pytest.raises(ImproperlyConfigured, match="pigeon"):
        chosen("anymail://pigeon")

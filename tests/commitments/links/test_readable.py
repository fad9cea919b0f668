"""Documents are read in a child process, which may be ended."""

import time
from datetime import date

import pytest
from pypdf import PdfWriter

from commitments import readable

from .web import TEXT, article, html


@pytest.fixture(scope="module")
def reader():
    with readable.Reader() as reader:
        yield reader


def test_the_text_of_a_page_comes_without_its_menu(reader):
    page = reader.read(article("\nPublished on 3 March 2026", menu="Buy our pens"))

    assert "zero tariff" in page.text
    assert "pens" not in page.text
    assert (page.kind, page.title) == ("html", "Notice")
    assert page.published_on == date(2026, 3, 3)


def test_a_chinese_page_in_its_own_encoding_is_read(reader):
    body = html("对最不发达国家百分之百税目产品实施零关税。" * 5, title="公告")
    page = reader.read(
        body.decode()
        .replace("<head>", '<head><meta charset="gb2312">')
        .encode("gb18030")
    )

    assert "最不发达国家" in page.text
    assert page.title == "公告"


def pdf_saying(text):
    """The smallest PDF that says something."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start


def test_the_text_of_a_pdf_is_read(reader):
    page = reader.read(pdf_saying("Zero tariff from 1 December"))

    assert (page.kind, page.text) == ("pdf", "Zero tariff from 1 December")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7 broken", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\0\0\0\0WEBP", "webp"),
        (b"<svg onload=alert(1)>", "other"),
        (b"\0\1\2", "other"),
        (b"plain words", "text"),
        (b"", "text"),
        (b"<html>" + b"<div>" * 100_000, "html"),
        (b"<html><p>a\0b\xff\xfe\xed\xa0\x80</p>", "html"),
    ],
)
def test_a_document_is_what_its_bytes_are(reader, body, kind):
    page = reader.read(body)

    assert page.kind == kind
    assert "\0" not in page.text


def test_a_document_that_defeats_the_reader_does_not_hold_it_up(monkeypatch):
    monkeypatch.setattr(readable.Reader, "_start", lambda self: start_sleeping(self))
    started = time.monotonic()
    with readable.Reader(seconds=0.5) as reader:
        assert reader.read(article()) == readable.Readable("html")
    assert time.monotonic() - started < 30


def start_sleeping(reader):
    import subprocess
    import sys

    reader._child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    return reader._child


def test_after_a_killed_child_the_next_document_is_read():
    with readable.Reader() as reader:
        reader.read(article())
        reader._child.kill()
        reader._child.wait()
        reader.read(article())
        assert "zero tariff" in reader.read(article()).text


def test_an_encrypted_pdf_gives_its_kind(reader, tmp_path):
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret")
    writer.write(tmp_path / "x.pdf")

    assert reader.read((tmp_path / "x.pdf").read_bytes()) == readable.Readable("pdf")


def test_one_call_reads_one_document():
    assert TEXT.strip() in readable.readable(html(TEXT * 2)).text

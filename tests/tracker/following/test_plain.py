"""The text part of mails: readable in a window of 72 columns, in both languages."""

from tracker.following.plain import WIDTH, columns, plain

CHINESE = (
    "如果不是您本人，请不必理会：不会再发送邮件，此地址三天后删除；"
    "您也可在链接页面要求立即删除。"
)


def test_an_address_stands_once_on_a_line_of_its_own():
    text = plain(
        '<p>See <a href="https://a.example/x">the page</a>, or '
        '<a href="https://b.example/">https://b.example/</a>.</p>'
    )
    assert text.splitlines() == [
        *("See the page", "https://a.example/x", ", or", "https://b.example/"),
    ]


def test_lines_fit_whatever_is_written():
    english = "Plain words that go on and on until the line is full. " * 5
    items = f"<ul><li>{english}</li><li>1.2 {CHINESE * 2}</li></ul>"
    text = plain(f"<h1>6项变动</h1><p>{english}</p><p>{CHINESE * 3}</p>{items}")

    lines = text.splitlines()
    assert max(map(columns, lines)) <= WIDTH
    # Under a title of three Chinese characters and a figure.
    assert lines[1] == "=" * 7
    # Nothing is lost, and nothing gets a space in between.
    assert CHINESE * 3 in text.replace("\n", "")
    assert " ".join(text.split()).count(english.strip()) == 2
    items = [line for line in lines if line.startswith("- ")]
    assert len(items) == 2 and "\n  " in text


def test_no_line_begins_with_a_mark_that_closes_or_ends_with_one_that_opens():
    text = plain(f"<p>{'它说“全面”（2026年）。' * 20}</p>")

    for line in text.splitlines():
        assert line[:1] not in "，。、；：？！”）" or not line
        assert line[-1:] not in "“（" or not line


def test_a_word_longer_than_the_line_stays_whole():
    word = "x" * 100
    assert plain(f"<p>a {word} b</p>").splitlines() == ["a", word, "b"]

"""Answers: nothing in them runs, and what is for one reader is given to no other."""

from .mutation import Change, Mutation, without

MUTATIONS = [
    without(
        "markup in a title is let through",
        "templates/commitment.html",
        "<h1>{{ row.title|named }}</h1>",
        "<h1>{{ row.title|named|safe }}</h1>",
        "security/test_answers.py::test_a_text_is_escaped_for_the_place_where_it_stands",
    ),
    without(
        "markup in words that were searched for is let through",
        "tracker/searching.py",
        '"<mark>", escape(match[0])]',
        '"<mark>", match[0]]',
        "tracker/test_list.py::test_marks_never_let_markup_through",
    ),
    without(
        "markup in a chart is let through",
        "tracker/charts.py",
        'y="{_n(y)}"{more}>{escape(text)}</text>',
        'y="{_n(y)}"{more}>{text}</text>',
        "tracker/test_figures.py::test_words_in_charts_are_escaped",
    ),
    without(
        "a title ends the block of data for machines",
        "tracker/dataset.py",
        "indent=1).translate(_ESCAPES)",
        "indent=1)",
        "tracker/test_machines.py::test_data_block_cannot_end_its_element",
    ),
    without(
        "other sites may frame any page",
        "config/settings.py",
        '"frame-ancestors": [NONE],',
        '"frame-ancestors": ["*"],',
        "tracker/test_embeds.py::test_no_other_page_may_be_framed",
        "security/test_headers.py::"
        "test_every_address_answers_with_headers_worth_an_a_plus",
    ),
    # What has a cookie is not looked up, and what is private is not kept.
    Mutation(
        "a page of somebody signed in is given to others",
        [
            Change(
                "tracker/kept_answers.py",
                '        or any(own in environ.get("HTTP_COOKIE", "") '
                "for own in OWN_COOKIES)\n",
                "",
            ),
            Change(
                "tracker/kept_answers.py",
                "    shown = {\n        name: value\n",
                "    return environ\n    shown = {\n        name: value\n",
            ),
        ],
        [
            "tracker/test_kept_answers.py::"
            "test_readers_are_not_given_the_page_of_somebody_signed_in",
            "tracker/test_answer_cache.py::"
            "test_what_is_of_one_reader_is_neither_kept_nor_given",
        ],
    ),
    without(
        "what does not say that it is for everybody is kept",
        "tracker/kept_answers.py",
        '        and "public" in directives\n',
        "",
        "tracker/test_answer_cache.py::"
        "test_what_does_not_say_it_is_for_everybody_is_not_kept",
    ),
    without(
        "an answer with a cookie is kept",
        "tracker/kept_answers.py",
        '        and "set-cookie" not in told\n',
        "",
        "tracker/test_answer_cache.py::"
        "test_what_does_not_say_it_is_for_everybody_is_not_kept",
    ),
    without(
        "a header outside the key reaches an answer that others get",
        "tracker/kept_answers.py",
        "if name in known or not name.startswith(SENT)",
        "if name",
        "tracker/test_kept_answers.py::test_no_unkeyed_header_reaches_an_answer",
        "tracker/test_answer_cache.py::"
        "test_headers_outside_the_key_never_reach_the_application",
    ),
    without(
        "the charset of a body reaches an answer that others get",
        "tracker/kept_answers.py",
        'SENT = ("HTTP_", "CONTENT_", "RAW_URI", "REQUEST_URI")',
        'SENT = ("HTTP_", "RAW_URI", "REQUEST_URI")',
        "tracker/test_kept_answers.py::"
        "test_no_charset_of_a_body_that_is_not_there_reaches_an_answer",
    ),
    without(
        "an entry does not end what is kept of before",
        "commitments/services/record.py",
        "    DataVersion.bump()\n    return entry\n",
        "    return entry\n",
        "tracker/test_kept_answers.py::"
        "test_a_change_of_the_record_is_seen_by_the_next_request",
    ),
]

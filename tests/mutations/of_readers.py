"""What readers see: nothing of drafts, or of people.

Drafts have no entries, no states and no cards, so what is made of these alone, like the
feeds, pictures, embeds, citations and events, holds none, filtered or not.
"""

from .mutation import without

PUBLIC, ALL = "Commitment.objects.public()", "Commitment.objects.all()"
NO_MARKER = (
    "tracker/api/test_leaks.py::test_no_marker_of_a_private_field_leaves_by_any_answer"
)
NO_RELEASE = (
    "tracker/releases/test_release_rules.py::test_nothing_private_is_in_any_file"
)
NOT_FOUND = (
    "tracker/leaks/test_leaks.py::test_what_is_not_public_is_answered_as_what_never_was"
)
UNTOLD = "tracker/leaks/test_leaks.py::test_no_count_and_no_order_tells_of_a_draft"

MUTATIONS = [
    without(
        "a draft has a page",
        "tracker/pages/commitment.py",
        '    known = Commitment.objects.select_related("pillar").public()',
        '    known = Commitment.objects.select_related("pillar")',
        "tracker/test_pages.py::test_draft_is_never_shown",
    ),
    without(
        "an address that is not known is answered with drafts that look alike",
        "tracker/pages/commitment.py",
        f"    public = {PUBLIC}\n",
        f"    public = {ALL}\n",
        "tracker/test_pages.py::test_unknown_slug_offers_what_looks_alike",
    ),
    without(
        "the list counts drafts",
        "tracker/browse.py",
        "    return Commitment.objects.standing_now()",
        f"    return {ALL}",
        "tracker/api/test_api.py::test_drafts_are_nowhere",
        UNTOLD,
    ),
    without(
        "the list holds what was withdrawn",
        "tracker/browse.py",
        "    return known.standing_now().select_related(",
        "    return known.select_related(",
        "tracker/test_browse.py::test_what_was_withdrawn_is_not_found",
    ),
    without(
        "the history is asked for that of a draft",
        "tracker/api/commitments.py",
        f"PUBLIC = {PUBLIC}",
        f"PUBLIC = {ALL}",
        NOT_FOUND,
    ),
    without(
        "the API gives parts of drafts",
        "tracker/api/views.py",
        "        return rows.filter(Exists(public)).prefetch_related(",
        "        return rows.prefetch_related(",
        NO_MARKER,
        UNTOLD,
    ),
    without(
        "the API gives documents of drafts",
        "tracker/api/views.py",
        "        found = Evidence.objects.public()\n",
        "        found = Evidence.objects.all()\n",
        "tracker/api/test_api.py::test_drafts_are_nowhere",
    ),
    without(
        "the API knows the names of drafts",
        "tracker/api/filters.py",
        f"    return {PUBLIC}",
        f"    return {ALL}",
        NOT_FOUND,
    ),
    without(
        "the search index holds drafts",
        "commitments/search.py",
        "    public = Commitment.objects.public().filter(pk__in=pks)",
        "    public = Commitment.objects.filter(pk__in=pks)",
        "tracker/test_search_changes.py::"
        "test_what_readers_may_not_see_is_not_in_the_index",
    ),
    without(
        "the sitemap lists drafts",
        "tracker/pages/machines.py",
        "    listed = Commitment.objects.public().exclude(",
        "    listed = Commitment.objects.exclude(",
        "tracker/test_machines.py::test_sitemap_leaves_out_drafts_and_what_redirects",
    ),
    without(
        "the sitemap lists documents of drafts",
        "tracker/pages/machines.py",
        'for slug in Evidence.objects.public().order_by("pk")',
        'for slug in Evidence.objects.order_by("pk")',
        "tracker/test_machines.py::test_sitemap_leaves_out_drafts_and_what_redirects",
    ),
    without(
        "a document of a draft has a page",
        "tracker/pages/evidence.py",
        '    documents = Evidence.objects.public().select_related("link")',
        '    documents = Evidence.objects.select_related("link")',
        "commitments/links/test_copies_pages.py::"
        "test_a_document_that_no_reader_may_see_has_no_page",
    ),
    without(
        "a document names the drafts that cite it",
        "tracker/pages/evidence.py",
        "    commitments = Commitment.objects.public().filter(evidence=document)",
        "    commitments = Commitment.objects.filter(evidence=document)",
        "commitments/links/test_copies_pages.py::"
        "test_a_document_names_no_draft_that_rests_on_it",
    ),
    without(
        "an embed is found of a draft",
        "tracker/pages/oembed.py",
        "        known = Commitment.objects.public().filter(slug=slug).first()",
        "        known = Commitment.objects.filter(slug=slug).first()",
        "tracker/test_embeds.py::test_a_draft_has_no_oembed",
    ),
    without(
        "a tip names a draft",
        "tracker/tip_form.py",
        f"        public = {PUBLIC}\n",
        f"        public = {ALL}\n",
        "tracker/test_tips.py::test_a_draft_cannot_be_named",
    ),
    without(
        "releases hold drafts",
        "tracker/releases/facts.py",
        "        Commitment.objects.public()\n        .select_related",
        "        Commitment.objects.all()\n        .select_related",
        NO_RELEASE,
    ),
    without(
        "releases hold parts of drafts",
        "tracker/releases/facts.py",
        '"criteria": (lambda: Criterion.objects.filter(PUBLIC), CriterionRowSerializer),',
        '"criteria": (lambda: Criterion.objects.all(), CriterionRowSerializer),',
        NO_RELEASE,
    ),
    without(
        "releases hold documents of drafts",
        "tracker/releases/facts.py",
        """    return Evidence.objects.filter(
        Q(commitments__standing__gt="")""",
        """    return Evidence.objects.filter(
        Q(commitments__standing__gte="")""",
        NO_RELEASE,
    ),
    without(
        "names of analysts leave by the API",
        "tracker/api/record_serializers.py",
        '    reason = serializers.CharField(source="text.reason")\n',
        '    reason = serializers.CharField(source="text.author_name")\n',
        "tracker/api/test_api.py::test_names_of_analysts_never_leave",
    ),
    without(
        "a document leaves by the API with a column that nobody chose",
        "tracker/api/fact_serializers.py",
        '*("commitments", "link", "copies"),',
        '*("commitments", "link", "copies", "page_key"),',
        "tracker/api/test_contract.py::test_the_committed_contract_is_that_of_the_code",
    ),
    without(
        "a drafted answer to a tip is shown",
        "tracker/tip_ledger.py",
        "    if not _by(tip.decided_at, by):",
        "    if False:",
        "tracker/test_tip_ledger.py::test_a_drafted_answer_is_seen_by_nobody",
    ),
]

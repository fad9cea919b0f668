"""All tables of a release, in the order in which people read them."""

from __future__ import annotations

from . import fact_tables, record_tables

TABLES = (
    record_tables.COMMITMENTS,
    record_tables.CRITERIA,
    record_tables.MILESTONES,
    record_tables.HISTORY,
    record_tables.CITATIONS,
    record_tables.WORDINGS,
    record_tables.STATES,
    fact_tables.EVIDENCE,
    fact_tables.COPIES,
    fact_tables.INDICATORS,
    fact_tables.OBSERVATIONS,
    fact_tables.SOURCES,
    fact_tables.PASSAGES,
    fact_tables.PLANS,
    fact_tables.PILLARS,
    fact_tables.BODIES,
    fact_tables.PARTNERS,
    fact_tables.TOPICS,
)
NAMED = {table.name: table for table in TABLES}
# What describes; a release keeps these rows, as they have no times of their own.
DESCRIBED = tuple(table for table in TABLES if table.facts)

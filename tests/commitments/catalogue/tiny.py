"""The smallest catalogue that is valid, as data to be broken, and its files."""

from pathlib import Path
from typing import Any

import yaml

PLAN = "plan.yaml"
SOURCE = "sources/talk.yaml"
COMMITMENTS = "commitments/1-opening.yaml"
TOPICS = [f"topic-{number}" for number in range(1, 13)]
ACT, TALK = "ev-2025-10-01-act", "ev-2026-02-01-talk"


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def tiny() -> dict[str, Any]:
    """Return the content of each file: two commitments, two documents, a figure."""
    return {
        PLAN: {
            "title": "Plan",
            "title_zh": "计划",
            "starts_on": "2026-01-01",
            "ends_on": "2030-12-31",
            "coded_on": "2026-07-03",
            "evidence_to": "2026-07-02",
            "summary": "A plan.",
            "pillars": [
                {
                    "number": 1,
                    "slug": "opening",
                    "title": "Opening",
                    "title_zh": "开放",
                    "summary": "It opens.",
                }
            ],
        },
        "bodies.yaml": [
            {
                "slug": "mofcom",
                "name": "Ministry of Commerce",
                "name_zh": "商务部",
                "short_name": "MOFCOM",
                "kind": "ministry",
            }
        ],
        "partners.yaml": [
            {
                "slug": "japan",
                "name": "Japan",
                "name_zh": "日本",
                "kind": "economy",
                "iso2": "JP",
            }
        ],
        "topics.yaml": [
            {"slug": slug, "name": slug.capitalize(), "name_zh": "题"}
            for slug in TOPICS
        ],
        SOURCE: _source(),
        COMMITMENTS: [_commitment(1), _commitment(2)],
        "evidence.yaml": _evidence(),
        "indicators.yaml": [
            {
                "slug": "zones",
                "name": "Zones",
                "unit": "zones",
                "direction": "up",
                "comparator": "exactly",
                "baseline": {
                    "value": 22,
                    "date": "2025-12-31",
                    "precision": "day",
                    "passage": "1.1.3",
                },
                "note": "",
                "commitments": ["open-1", "open-2"],
                "observations": [
                    {
                        "date": "2026-06-30",
                        "precision": "day",
                        "value": 22.5,
                        "evidence": TALK,
                        "note": "",
                    }
                ],
            }
        ],
    }


def _source() -> dict[str, Any]:
    roles = ["commitment", "commitment", "context"]
    return {
        "slug": "talk",
        "title": "Talk",
        "title_zh": None,
        "publisher": None,
        "speaker": "Minister",
        "kind": "interview",
        "delivered_on": "2025-12-29",
        "published_on": None,
        "language": "zh",
        "url": None,
        "note": "A talk.",
        "passages": [
            {"ref": f"1.1.{number}", "role": role, "summary": "One line."}
            for number, role in enumerate(roles, 1)
        ],
    }


def _evidence() -> list[dict[str, Any]]:
    act = {
        "id": ACT,
        "title": "Act",
        "publisher": "Ministry",
        "url": "https://example.org/act",
        "published_on": None,
        "occurred_on": "2025-10-01",
        "precision": "day",
        "language": "en",
        "type": "notice",
        "nature": "action",
        "official": True,
        "reliability": "high",
        "summary": "It acts.",
        "commitments": ["open-1", "open-2"],
    }
    talk = {
        "id": TALK,
        "title": "Talk",
        "url": "https://example.org/talk",
        "occurred_on": "2026-02-01",
        "type": "news",
        "nature": "announcement",
        "official": False,
    }
    return [act, {**act, **talk, "commitments": ["open-1", "open-2"]}]


def _commitment(number: int) -> dict[str, Any]:
    return {
        "slug": f"open-{number}",
        "ref": f"1.{number}",
        "title": f"Open sector {number}",
        "title_zh": None,
        "statement": "A sector is to be opened.",
        "reading": "It would take a legal act.",
        "kind": "rule",
        "specificity": "partly",
        "trackable": True,
        "passages": [f"1.1.{number}"],
        "bodies": ["mofcom"],
        "partners": ["japan"],
        "topics": list(TOPICS),
        "due": {
            "date": "2030-12-31",
            "precision": "plan_period",
            "basis": "No date is given.",
        },
        "criteria": [
            {"key": "a", "text": "An act is passed."},
            {"key": "b", "text": "More zones.", "indicator": "zones", "at_least": 23},
        ],
        "milestones": [
            {
                "key": "filed",
                "title": "Filed",
                "met_on": "2025-10-01",
                "precision": "day",
                "evidence": [ACT],
            },
            {
                "key": "signed",
                "title": "Signed",
                "due": {"date": "2027-12-31", "precision": "year"},
                "evidence": [],
            },
        ],
        "indicators": ["zones"],
        "history": _history(),
    }


def _history() -> list[dict[str, Any]]:
    return [
        {
            "kind": "status",
            "date": "2025-12-29",
            "precision": "day",
            "status": "under_way",
            "criteria_met": [],
            "confidence": "medium",
            "reason": "A notice took effect.",
            "evidence": [ACT],
        },
        {
            "kind": "claim",
            "date": "2026-02-01",
            "precision": "day",
            "position": "in_implementation",
            "body": "mofcom",
            "reason": "The ministry says that it is at work.",
            "evidence": [TALK],
        },
        {
            "kind": "review",
            "date": "2026-03-01",
            "precision": "day",
            "confidence": "medium",
            "reason": "Nothing new was found.",
            "evidence": [],
        },
    ]


def write(files: dict[str, Any], folder: Path) -> Path:
    """Write each file: data as YAML, text and bytes as they are, None not at all."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif content is not None:
            path.write_text(as_yaml(content), encoding="utf-8")
    return folder


def as_yaml(content: Any) -> str:
    """Return data in the catalogue's own format."""
    return yaml.dump(content, Dumper=Dumper, allow_unicode=True, sort_keys=False)

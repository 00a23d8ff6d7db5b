"""Plans to start from: one commented file per kind of work, and the example that the planner opens with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pricing.documents import parse_document
from pricing.errors import InputError, Problem, did_you_mean, quoted

TEMPLATES_FOLDER = Path(__file__).parents[1] / "defaults" / "templates"

# In the order in which they are offered: from the most common kind of work to the rarest.
TEMPLATES = (
    "support_bot",
    "ticket_triage",
    "document_extraction",
    "content_moderation",
    "rag_search",
    "coding_assistant",
    "contract_review",
    "summaries",
    "marketing_copy",
    "research_agent",
)
EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class Template:
    """A plan to start from: ``text`` is a complete plan file with comments, ``summary`` its first comment."""

    slug: str
    title: str
    summary: str
    path: Path
    text: str


@cache
def list_templates() -> tuple[Template, ...]:
    """All templates in the order in which they are offered.

    >>> [template.title for template in list_templates()][:2]
    ['Support bot', 'Ticket triage']
    """
    return tuple(_read(slug) for slug in TEMPLATES)


@cache
def example_plan() -> Template:
    """The plan that the planner opens with.

    >>> example_plan().title
    'Support desk 2026'
    """
    return _read(EXAMPLE)


def find_template(slug: str) -> Template:
    """The template of that name; ``example`` is the example plan. Raises :class:`InputError` with the nearest names.

    >>> find_template("rag-search").slug
    'rag_search'
    """
    wanted = slug.strip().casefold().replace("-", "_").replace(" ", "_")
    known = (*TEMPLATES, EXAMPLE)
    if wanted not in known:
        mend = did_you_mean(wanted, known, f"Known are {', '.join(known)}.")
        raise InputError(Problem("template", quoted(slug), "a template", mend))
    return _read(wanted)


@cache
def _read(slug: str) -> Template:
    path = TEMPLATES_FOLDER / f"{slug}.yaml"
    text = path.read_text(encoding="utf-8")
    title = str(parse_document(text, path.name)["name"])
    return Template(slug, title, text.splitlines()[0].removeprefix("#").strip(), path, text)

"""The command line: the same engine and the same tables as the dashboard."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pricing.errors import InputError, Problem

if TYPE_CHECKING:
    from planner.engine.study import Study

DONE, NOTHING_FEASIBLE, BAD_INPUT = 0, 1, 2


def _today() -> date:
    """The clock is read here and nowhere else."""
    return datetime.now().astimezone().date()


def _study(arguments: argparse.Namespace) -> Study:
    from planner.domain.plan import load_plan
    from planner.engine.study import study

    return study(load_plan(arguments.plan), _today())


def _print_json(values: Any) -> None:
    sys.stdout.write(json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def _evaluate(arguments: argparse.Namespace) -> int:
    from planner.domain.plan import load_plan
    from planner.engine.evaluate import evaluate
    from planner.views.records import evaluation_values

    plan = load_plan(arguments.plan)
    evaluation = evaluate(plan, plan.priced_on(_today()))
    if arguments.json:
        _print_json(evaluation_values(evaluation))
    else:
        from planner.views.text import evaluation_text

        print(evaluation_text(evaluation))
    stopped = evaluation.scenarios and all(each.status == "infeasible" for each in evaluation.scenarios)
    return NOTHING_FEASIBLE if stopped else DONE


def _recommend(arguments: argparse.Namespace) -> int:
    from planner.views.records import recommendation_values

    found = _study(arguments)
    if arguments.json:
        _print_json(recommendation_values(found))
    else:
        from planner.views.text import recommendation_text

        print(recommendation_text(found))
    return DONE if found.recommendation.feasible or not found.plan.workload.categories else NOTHING_FEASIBLE


def _break_even(arguments: argparse.Namespace) -> int:
    from planner.domain.plan import load_plan
    from planner.engine.crossover import crossover
    from planner.engine.evaluate import evaluate
    from planner.views.records import crossover_values

    plan = load_plan(arguments.plan)
    evaluation = evaluate(plan, plan.priced_on(_today()))
    pair = evaluation.scenario(arguments.challenger), evaluation.scenario(arguments.incumbent)
    found = crossover(evaluation, *pair)
    if isinstance(found, str):
        raise InputError(Problem(arguments.plan.name, found.rstrip("."), "", "Compare scenarios that have a price."))
    if arguments.json:
        _print_json(crossover_values(found))
    else:
        from planner.views.text import crossover_text

        print(crossover_text(found))
    return DONE


def _forecast(arguments: argparse.Namespace) -> int:
    from planner.engine.forecast import forecast
    from planner.engine.uncertainty import evaluation_of, scenarios_of
    from planner.views.records_risk import forecast_values

    found = _study(arguments)
    lines = forecast(evaluation_of(found), scenarios_of(found))
    if arguments.json:
        _print_json(forecast_values(lines, found.outlook, found))
    else:
        from planner.views.text_risk import forecast_text

        print(forecast_text(lines, found.outlook, found))
    return DONE


def _risk(arguments: argparse.Namespace) -> int:
    from planner.engine.draws import DEFAULT_DRAWS, DEFAULT_SEED, checked_draws, checked_seed
    from planner.engine.uncertainty import assess_study
    from planner.views.records_risk import risk_values

    seed = DEFAULT_SEED if arguments.seed is None else checked_seed(arguments.seed, "--seed")
    draws = DEFAULT_DRAWS if arguments.draws is None else checked_draws(arguments.draws, "--draws")
    found = _study(arguments)
    outlook = assess_study(found, seed, draws)
    if arguments.json:
        _print_json(risk_values(outlook, found))
    else:
        from planner.views.text_risk import risk_text

        print(risk_text(outlook, found))
    return DONE


def _report(arguments: argparse.Namespace) -> int:
    from planner.report import FORMATS

    asked = {each.name: getattr(arguments, each.name) for each in FORMATS}
    if not any(asked.values()):
        raise InputError(Problem("report", "nothing to write", "", "Give --pdf FILE, --csv DIR or both."))
    found = _study(arguments)
    made = [(each, path, each.render(found)) for each in FORMATS if (path := asked[each.name]) is not None]
    for each, path, content in made:
        each.write(content, path)
        print(path)
    return DONE


def _import_evals(arguments: argparse.Namespace) -> int:
    from planner.domain.assumptions import load_register
    from planner.domain.plan import parse_plan
    from planner.engine.measured import measure, measure_by_category
    from planner.ingest.evaluations import load_evaluations
    from planner.views.measured import measured_text, measured_values
    from pricing.catalog import load_catalog

    catalog, path = load_catalog(), arguments.output
    text = _text_of(path) if path is not None and path.exists() else None
    plan = None if text is None else parse_plan(text, path.name, catalog)
    day = _today() if plan is None else plan.priced_on(_today())
    margin = arguments.margin
    if margin is None and plan is not None:
        margin = plan.limits.quality_margin
    if margin is None:
        margin = load_register().value("quality_margin_share")
    if not 0 < margin < 1:
        raise InputError(Problem("margin", f"{margin:g}", "a share between 0 and 1", "Write a number such as 0.02."))
    names = dict(each.split("=", 1) for each in arguments.model)
    requests = load_evaluations(arguments.files, catalog, plan, arguments.threshold, names)
    whole = measure(requests, catalog, day, margin)
    by_category = measure_by_category(requests, catalog, day, margin)
    if path is not None:
        from planner.ingest.evaluation_plan import new_plan, plan_categories, rewritten, with_evaluations

        parts = plan_categories(requests, plan, arguments.category)
        found = [measure(part, catalog, day, margin).evaluation(name, requests.unknown)
                 for name, part in parts.items()]
        if plan is None or text is None:
            from planner.domain.plan import dump_plan

            written = dump_plan(new_plan(parts, found, path.stem, catalog))
        else:
            written = rewritten(text, path, with_evaluations(plan, found, catalog), catalog)
        _write(path, written)
    if arguments.json:
        _print_json(measured_values(whole, by_category, requests.unknown, margin, requests.notes))
    else:
        print(measured_text(whole, by_category, margin, requests.notes))
        if path is not None:
            print(path)
    return DONE


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), "this file", "readable", f"{error}.")) from None


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, or leave it as it was."""
    try:
        beside = path.with_name(path.name + ".part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise InputError(Problem(str(path), "this place", "writable", f"{error.strerror}.")) from None


def _named_model(text: str) -> str:
    name, equals, model = text.partition("=")
    if not (name and equals and model):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=MODEL")
    return text


def _write_new(path: Path, text: str) -> None:
    """Writes a file that must not exist yet."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(Problem(str(path), "this file exists and", "overwritten",
                                 "Choose another name or remove it.")) from None
    except OSError as error:
        raise InputError(Problem(str(path), "this place", "writable", f"{error.strerror}.")) from None


def _init(arguments: argparse.Namespace) -> int:
    from planner.domain.templates import find_template, list_templates

    if arguments.template is None:
        for template in list_templates():
            print(f"{template.slug:22} {template.summary}")
        return DONE
    text = find_template(arguments.template).text
    if arguments.output is None:
        sys.stdout.write(text)
        return DONE
    _write_new(arguments.output, text)
    print(arguments.output)
    return DONE


def _import_usage(arguments: argparse.Namespace) -> int:
    from planner.ingest import read_usage, to_workload, usage_plan_text
    from planner.ingest.opening import open_exports
    from planner.views.usage import usage_text, usage_values

    mapping = dict(part.partition("=")[::2] for part in arguments.map)
    reading = read_usage(open_exports(arguments.files), mapping)
    if arguments.output is not None:
        text = usage_plan_text(to_workload(reading, arguments.by, arguments.output.stem), reading)
        _write_new(arguments.output, text)
    if arguments.json:
        _print_json(usage_values(reading, arguments.by))
    else:
        print(usage_text(reading, arguments.by))
        if arguments.output is not None:
            print(arguments.output)
    return DONE


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "evaluate": _evaluate, "recommend": _recommend, "break-even": _break_even, "forecast": _forecast,
    "risk": _risk, "report": _report,
    "import-evals": _import_evals, "import-usage": _import_usage, "init": _init,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planner", description="Which AI models to run, what they cost a month, and when hosting your own pays."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=words, description=words)

    def with_plan(name: str, words: str) -> argparse.ArgumentParser:
        added = command(name, words)
        added.add_argument("plan", type=Path, metavar="PLAN", help="plan file (YAML or JSON)")
        return added

    for name, words in (("evaluate", "every scenario of a plan"), ("recommend", "what to run, and why")):
        with_plan(name, words).add_argument("--json", action="store_true", help="print JSON")
    crossing = with_plan("break-even", "at which volume one scenario becomes cheaper than another")
    crossing.add_argument("--challenger", required=True, metavar="NAME", help="scenario that would replace the other")
    crossing.add_argument("--incumbent", required=True, metavar="NAME", help="scenario that runs now")
    crossing.add_argument("--json", action="store_true", help="print JSON")
    with_plan("forecast", "month by month: prices, growth, budget").add_argument("--json", action="store_true",
                                                                                 help="print JSON")
    doubt = with_plan("risk", "how sure the figures are, and what moves the decision")
    doubt.add_argument("--seed", metavar="N", help="seed of the random numbers (42)")
    doubt.add_argument("--draws", metavar="N", help="number of draws, 100 to 100,000 (10,000)")
    doubt.add_argument("--json", action="store_true", help="print JSON")
    report = with_plan("report", "the hand-over: PDF and CSV")
    report.add_argument("--pdf", type=Path, metavar="FILE", help="write the recommendation as PDF")
    report.add_argument("--csv", type=Path, metavar="DIR", help="write one CSV file per table")
    evals = command("import-evals", "evaluation files into error rates, overlaps and verdicts")
    evals.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV with what each model got right")
    evals.add_argument("-o", "--output", type=Path, metavar="PLAN", help="plan to write the results into")
    evals.add_argument("--category", metavar="NAME", help="category of the plan that all results belong to")
    evals.add_argument("--model", action="append", default=[], type=_named_model, metavar="NAME=MODEL",
                       help="which model a name in the files stands for")
    evals.add_argument("--threshold", type=float, metavar="SCORE", help="score from which an answer is right")
    evals.add_argument("--margin", type=float, metavar="SHARE", help="how many more errors still are good enough")
    evals.add_argument("--json", action="store_true", help="print JSON")
    start = command("init", "a commented plan to start from; without a template, lists them")
    start.add_argument("template", nargs="?", metavar="TEMPLATE", help="name of a template")
    start.add_argument("-o", "--output", type=Path, metavar="PLAN", help="file to write; it must not exist yet")
    usage = command("import-usage", "usage exports of sellers and gateways into a workload")
    usage.add_argument("files", nargs="+", type=Path, metavar="FILE", help="exports as they were downloaded")
    usage.add_argument("-o", "--output", type=Path, metavar="PLAN", help="plan to write; it must not exist yet")
    usage.add_argument("--by", default="source", metavar="GROUP",
                       choices=("source", "project", "key", "team", "tag", "feature", "model"),
                       help="what makes a category: project, key, team, tag, feature or model; "
                            "without it, what each export itself groups by")
    usage.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN",
                       help="a column of a table of no known form, such as input_tokens=Sent")
    usage.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 when done, 1 when nothing is feasible at all, 2 for bad input."""
    parsed = _parser().parse_args(arguments)
    try:
        return COMMANDS[parsed.command](parsed)
    except InputError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        sys.stderr.close()
        return DONE

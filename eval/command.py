"""`youju eval` and its verbs; the parser is built without importing anything heavy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.document import YoujuError

if TYPE_CHECKING:
    from eval.evaluate import Evaluation
    from eval.gate import Measured
    from eval.gold import Question
    from index.search import Index
    from rag.assistant import Assistant

DEFAULT_REPORT = Path("var/eval/report.html")
DEFAULT_INDEX = Path("var/index")


class EvalUsageError(YoujuError):
    """Options of `youju eval` that do not go together."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `youju eval`, and its verbs compare, sweep, silver, gate, export and trec."""
    _questions(parser)
    parser.add_argument("--beir", type=Path, metavar="DIR", help="evaluate a BEIR folder instead")
    parser.add_argument(
        "--reference", metavar="TOKENIZER", help="with --beir: add words with a reference cut"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help=f"HTML report (default {DEFAULT_REPORT})")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the runs, one file a system")
    parser.add_argument("--no-answers", action="store_true", help="retrieval only")
    parser.set_defaults(verb=_evaluate)
    verbs = parser.add_subparsers(metavar="VERB", title="verbs")
    _add_compare(verbs)
    _add_sweep(verbs)
    _add_silver(verbs)
    _add_gate(verbs)
    _add_export(verbs)
    _add_trec(verbs)


def run(options: argparse.Namespace) -> int:
    """Run what was asked for; returns the exit status. Raises YoujuError for bad input."""
    verb: Callable[[argparse.Namespace], int] = options.verb
    return verb(options)


def _questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gold", nargs="+", type=Path, metavar="FILE", help="your own questions")
    parser.add_argument("--split", choices=("open", "closed"), help="one half of the questions")
    parser.add_argument("--json", action="store_true", help="JSON and nothing else")


def _verb(verbs: Any, name: str, verb: Callable[[argparse.Namespace], int], help_: str) -> Any:
    parser = verbs.add_parser(name, help=help_, description=help_)
    parser.set_defaults(verb=verb)
    # given before the verb or after it; a default here would undo the former
    parser.add_argument("--index", type=Path, metavar="DIR", default=argparse.SUPPRESS)
    for option in ("--model", "--reranker", "--llm"):
        parser.add_argument(option, default=argparse.SUPPRESS)
    return parser


def _add_compare(verbs: Any) -> None:
    parser = _verb(verbs, "compare", _compare, "compare two settings, models or saved runs")
    for name in ("a", "b"):
        parser.add_argument(
            name, help="run file, index folder, or setting such as words or fused,weight=70,length=200"
        )
    _questions(parser)
    parser.add_argument("--measure", default="nDCG@10", metavar="NAME", help="default: %(default)s")


def _add_sweep(verbs: Any) -> None:
    parser = _verb(verbs, "sweep", _sweep, "try a small grid of settings on the open questions")
    parser.add_argument("--gold", nargs="+", type=Path, metavar="FILE", help="your own questions")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", default="nDCG@10", metavar="NAME", help="default: %(default)s")


def _add_silver(verbs: Any) -> None:
    parser = _verb(verbs, "silver", _silver, "make questions from the archive itself and measure with them")
    _questions(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the questions")
    parser.add_argument("--count", type=int, default=300, help="questions at most (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--against-gold", action="store_true", help="how well silver ranks settings")


def _add_gate(verbs: Any) -> None:
    parser = _verb(verbs, "gate", _gate, "fail when a golden score is lost, and name the questions")
    parser.add_argument("expected", nargs="*", type=Path, metavar="FILE.yaml", help="default: those shipped")
    parser.add_argument("--update", action="store_true", help="write the numbers of today")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where BEIR folders of that name are")
    parser.add_argument("--setting", default="", help="a setting instead of the default, to see it caught")


def _add_export(verbs: Any) -> None:
    parser = _verb(verbs, "export", _export, "write the questions and passages as a BEIR folder")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", nargs="+", type=Path, metavar="FILE", help="your own questions")
    parser.add_argument("--split", choices=("open", "closed"))


def _add_trec(verbs: Any) -> None:
    parser = _verb(verbs, "trec", _trec, "score a TREC run against TREC qrels")
    parser.add_argument("qrels", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--json", action="store_true")


def _evaluate(options: argparse.Namespace) -> int:
    if options.beir is not None:
        return _beir(options)
    if options.reference is not None:
        raise EvalUsageError("--reference goes with --beir")
    from eval.evaluate import evaluate
    from eval.summary import as_json, as_text

    questions = _chosen(options)
    with _index(options, questions) as index:
        assistant = None if options.no_answers else _assistant(index, options)
        evaluation = evaluate(index, questions, assistant=assistant, reranker=options.reranker)
        _keep(options, evaluation)
        if not options.json or options.report is not None:
            _report(options, evaluation)
    print(json.dumps(as_json(evaluation), ensure_ascii=False) if options.json else as_text(evaluation))
    return 0


def _beir(options: argparse.Namespace) -> int:
    from eval import exchange, reference
    from eval.summary import scores_json, scores_text

    if options.reference is not None and options.reference not in reference.TOKENIZERS:
        raise EvalUsageError(f"--reference must be one of {', '.join(reference.TOKENIZERS)}")
    collection = exchange.load_beir(options.beir)
    scores = exchange.evaluate(collection, model=options.model, reranker=options.reranker)
    if options.reference is not None:
        scores = {options.reference: reference.evaluate(collection, options.reference)} | scores
    if options.json:
        print(json.dumps(scores_json(scores) | {"types": {}}, ensure_ascii=False))
    else:
        print(f"{collection.name}: {len(collection.texts)} passages, {len(collection.qrels)} queries\n")
        print(scores_text(scores))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from eval.compare import as_json, as_text, compare

    questions = _chosen(options)
    with _index(options, questions) as index:
        comparison = compare(index, questions, options.a, options.b, settings=_settings(options))
    _print(options, as_json(comparison), lambda: as_text(comparison, options.measure))
    return 0


def _sweep(options: argparse.Namespace) -> int:
    from eval.sweep import as_json, as_text, sweep

    questions = [question for question in _gold(options) if question.split == "open"]
    if not questions:
        raise EvalUsageError(
            "a sweep tunes on open questions, and there are none; the closed half stays closed"
        )
    with _index(options, questions) as index:
        outcome = sweep(index, questions, measure=options.measure, reranker=options.reranker)
    _print(options, as_json(outcome), lambda: as_text(outcome))
    return 0


def _silver(options: argparse.Namespace) -> int:
    from eval import agreement, gold, silver
    from eval.evaluate import evaluate, opened
    from eval.summary import as_json, as_text

    questions = gold.load(options.gold or gold.shipped()) if options.against_gold else []
    questions = [item for item in questions if options.split in (None, item.split)]
    with opened(options.index, questions, _note, model=options.model) as index:
        made = silver.make(index, count=options.count, seed=options.seed)
        if options.out is not None:
            gold.save(options.out, made)
        if options.against_gold:
            found = agreement.agreement(index, made, questions)
            _print(options, agreement.as_json(found), lambda: agreement.as_text(found))
            return 0
        evaluation = evaluate(index, made)
    label = "silver: questions made from the archive itself; compare settings with them, claim nothing"
    _print(options, {"silver": True} | as_json(evaluation), lambda: f"{label}\n\n{as_text(evaluation)}")
    return 0


def _gate(options: argparse.Namespace) -> int:
    from eval import gate

    lost: list[str] = []
    for path in options.expected or gate.shipped():
        expected = gate.read(path)
        if expected.corpus != gate.SEEDS and options.data is None:
            print(f"{path.name}: not checked; --data names the folder that holds {expected.corpus}\n")
            continue
        measured = _measured(options, expected.corpus)
        if options.update:
            gate.write(path, gate.golden(expected.corpus, expected.command, measured))
            print(f"{path}: written")
            continue
        if options.setting:
            expected = gate.only(expected, "fused")
        verdict = gate.check(expected, measured)
        print(f"{path.name}: {expected.command}\n\n{gate.report(verdict)}\n")
        lost += [f"{expected.corpus} {number.system} {number.measure}" for number, _ in verdict.failed]
    if lost:
        raise gate.GateError(f"golden scores lost: {', '.join(lost)}; if that is meant, run with --update")
    return 0


def _measured(options: argparse.Namespace, corpus: str) -> Measured:
    from eval import exchange, gate
    from eval.evaluate import evaluate

    if corpus != gate.SEEDS:
        collection = exchange.load_beir(options.data / corpus)
        return gate.of_collection(
            collection, exchange.evaluate(collection, model=options.model, reranker=options.reranker)
        )
    questions = _gold(options)
    with _index(options, questions) as index:
        if options.setting:
            return gate.of_evaluation(gate.with_setting(index, questions, options.setting))
        return gate.of_evaluation(
            evaluate(index, questions, assistant=_assistant(index, options), reranker=options.reranker)
        )


def _export(options: argparse.Namespace) -> int:
    from eval.coverage import judge
    from eval.evaluate import Corpus
    from eval.exchange import from_gold, save_beir

    questions = _chosen(options)
    with _index(options, questions) as index:
        corpus = Corpus.of(index)
        titles = {passage.id: passage.title for passage in index.passages}
        collection = from_gold("gold", judge(questions, corpus.texts), corpus.passages, titles)
    save_beir(options.folder, collection)
    print(f"{options.folder}: {len(collection.texts)} passages, {len(collection.queries)} queries")
    return 0


def _trec(options: argparse.Namespace) -> int:
    from eval.exchange import BEIR_MEASURES, load_qrels, load_run
    from eval.measures import graded
    from eval.summary import scores_json, scores_text

    scores = {options.run.name: graded(load_qrels(options.qrels), load_run(options.run), BEIR_MEASURES)}
    _print(options, scores_json(scores), lambda: scores_text(scores))
    return 0


def _chosen(options: argparse.Namespace) -> list[Question]:
    questions = [item for item in _gold(options) if options.split in (None, item.split)]
    if not questions:
        raise EvalUsageError(f"none of the questions is {options.split}")
    return questions


def _gold(options: argparse.Namespace) -> Sequence[Question]:
    from eval.gold import load, shipped

    return load(getattr(options, "gold", None) or shipped())


def _index(options: argparse.Namespace, questions: Sequence[Question]) -> Any:
    from eval.evaluate import opened

    own = bool(getattr(options, "gold", None))
    return opened(options.index, questions, _note, model=options.model, own=own)


def _settings(options: argparse.Namespace) -> Any:
    from rag.assistant import Settings

    return Settings(llm=options.llm, reranker=options.reranker)


def _assistant(index: Index, options: argparse.Namespace) -> Assistant:
    from rag.assistant import Assistant

    return Assistant(index, _settings(options))


def _keep(options: argparse.Namespace, evaluation: Evaluation) -> None:
    if options.save is None:
        return
    from eval.exchange import ranked, save_run
    from eval.runs import save

    for run_ in evaluation.runs:
        save(options.save / f"{run_.name}.jsonl", run_)
        save_run(options.save / f"{run_.name}.trec", ranked(run_), tag=run_.name)


def _report(options: argparse.Namespace, evaluation: Evaluation) -> None:
    from eval.report import write

    path = options.report or DEFAULT_REPORT
    write(path, evaluation)
    _note(f"report: {path}")


def _print(options: argparse.Namespace, form: Mapping[str, Any], text: Callable[[], str]) -> None:
    print(json.dumps(form, ensure_ascii=False) if options.json else text())


def _note(text: str) -> None:
    print(text, file=sys.stderr)

"""Run the systems over the questions and score what they found and said.

Systems: `words`, `vectors` and `fused` are the index alone, on the question as
the assistant rewrites a follow-up; `reranked` is fused with its first passages
read again; `assistant` is the ranking an answer is made from, as the reader gets it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from eval.answers import AnswerScores, RefusalScores, is_right, refusals, score
from eval.coverage import Judgement, judge
from eval.gold import Question
from eval.measures import Scores, of_run, qrels_of
from eval.runs import Result, Retrieved, Run, response_of, retrieved
from index.document import IndexMissing, YoujuError
from rag.followup import rewrite
from rag.rerank import Reranker, load_reranker
from rag.rerank import search as read_again

if TYPE_CHECKING:
    from index.remote import Location
    from index.search import Index, System
    from rag.assistant import Assistant

DEPTH = 100  # passages of a ranking that are judged
SEARCHES: tuple[System, ...] = ("words", "vectors", "fused")
ASSISTANT = "assistant"
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was searched: decoded texts by document id, and every passage."""

    texts: Mapping[str, str]
    passages: tuple[Retrieved, ...]
    fingerprint: str = ""

    @classmethod
    def of(cls, index: Index) -> Corpus:
        texts = {card.id: index.text(card.id) for card in index.documents()}
        return cls(texts, tuple(retrieved(passage, 0.0) for passage in index.passages), index.fingerprint)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Runs and their scores over the same questions.

    `scores` holds, by name of run, measure and question, the scores of the
    answerable questions. `said` is the run whose responses are scored in
    `answers`, None where nothing was asked; `in_full` tells by id whether a
    follow-up is answered rightly when it is asked in full.
    """

    questions: tuple[Question, ...]
    judgements: tuple[Judgement, ...]
    corpus: Corpus
    runs: tuple[Run, ...]
    scores: Mapping[str, Scores]
    answers: AnswerScores | None = None
    refusals: RefusalScores | None = None
    in_full: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def said(self) -> Run | None:
        """The run with responses."""
        return next((run for run in self.runs if any(map(_spoke, run.results.values()))), None)

    def part(self, chosen: Callable[[Question], bool]) -> Evaluation:
        """The same over some of the questions."""
        questions = tuple(question for question in self.questions if chosen(question))
        judgements = tuple(item for item in self.judgements if chosen(item.question))
        kept = {item.question.id for item in judgements}
        scores = {
            name: {
                measure: {id_: value for id_, value in values.items() if id_ in kept}
                for measure, values in table.items()
            }
            for name, table in self.scores.items()
        }
        return _with_answers(
            replace(
                self,
                questions=questions,
                judgements=judgements,
                scores=scores,
                in_full={id_: value for id_, value in self.in_full.items() if id_ in kept},
            )
        )


def evaluate(
    index: Index,
    questions: Sequence[Question],
    *,
    assistant: Assistant | None = None,
    reranker: str = "none",
) -> Evaluation:
    """Search with every system, ask the assistant where there is one, and score both.

    `reranker` as in `rag.rerank.load_reranker`.
    """
    started = time.perf_counter()
    corpus = Corpus.of(index)
    judgements = judge(questions, corpus.texts)
    texts = standing(questions)
    runs = [search(index, texts, system) for system in SEARCHES]
    if (reader := load_reranker(reranker)) is not None:
        runs.append(reranked(index, texts, reader))
    in_full: dict[str, float] = {}
    if assistant is not None:
        runs.append(ask(assistant, questions))
        in_full = asked_in_full(assistant, judgements)
    qrels = qrels_of(judgements, corpus.passages)
    scores = {run.name: of_run(judgements, run, qrels) for run in runs}
    seconds = time.perf_counter() - started
    return _with_answers(
        Evaluation(
            tuple(questions), judgements, corpus, tuple(runs), scores, in_full=in_full, seconds=seconds
        )
    )


def standing(questions: Sequence[Question]) -> dict[str, str]:
    """Questions by id as they are searched: follow-ups rewritten from their conversation."""
    return {item.id: rewrite(item.question, item.history) for item in questions}


def search(index: Index, texts: Mapping[str, str], system: System, *, k: int = DEPTH) -> Run:
    """The run of one system of the index over questions as `standing` gives them."""
    index.search("？", k=1, system=system)  # what is loaded on first use is not the first question's time
    results = {}
    for id_, text in texts.items():
        started = time.perf_counter()
        hits = index.search(text, k=k, system=system)
        seconds = time.perf_counter() - started
        results[id_] = Result(tuple(retrieved(hit.passage, hit.score) for hit in hits), seconds=seconds)
    return Run(system, results)


def reranked(index: Index, texts: Mapping[str, str], reranker: Reranker, *, k: int = DEPTH) -> Run:
    """The run of fused with its first passages read again."""
    results = {}
    for id_, text in texts.items():
        started = time.perf_counter()
        hits = read_again(index, reranker, text, k=k)
        seconds = time.perf_counter() - started
        results[id_] = Result(tuple(retrieved(hit.passage, hit.score) for hit in hits), seconds=seconds)
    return Run("reranked", results)


def ask(assistant: Assistant, questions: Sequence[Question], *, name: str = ASSISTANT) -> Run:
    """The run of the assistant: its rankings and what it says."""
    assistant.warm()
    results = {}
    for question in questions:
        started = time.perf_counter()
        answer = assistant.ask(question.question, question.history)
        seconds = time.perf_counter() - started
        ranking = tuple(retrieved(item.passage, item.score) for item in answer.ranking)
        results[question.id] = Result(ranking, response_of(answer), seconds)
    return Run(name, results)


def asked_in_full(assistant: Assistant, judgements: Sequence[Judgement]) -> dict[str, float]:
    """Whether each follow-up is answered rightly without its conversation, asked in full."""
    return {
        item.question.id: float(is_right(item.question, response_of(assistant.ask(item.question.standalone))))
        for item in judgements
        if item.question.standalone
    }


@contextmanager
def opened(
    path: Location, questions: Sequence[Question], note: Note, *, model: str = "", own: bool = False
) -> Iterator[Index]:
    """The index at `path`, or one of `seeds/` for now where that lacks what the questions ask about.

    `own` says that the questions are the user's, and that only the index at `path` will do.
    """
    with ExitStack() as stack:
        yield _choose(stack, path, questions, note, model, own)


@contextmanager
def scratch(sources: Sequence[Path], *, model: str = "") -> Iterator[Index]:
    """An index of some files and folders that is gone afterwards."""
    from index.search import open_index
    from index.update import update_index

    with TemporaryDirectory(prefix="youju-eval-") as folder:
        update_index(Path(folder) / "index", sources, model=model)
        with open_index(Path(folder) / "index") as index:
            yield index


def seeds() -> Path:
    """The pages that the gold questions are about."""
    import index

    package = Path(index.__file__).resolve().parent
    for folder in (package / "seeds", package.parent / "seeds"):
        if folder.is_dir():
            return folder
    raise YoujuError("the seeds/ folder is missing from this installation; give --index and --gold")


def _choose(
    stack: ExitStack, path: Location, questions: Sequence[Question], note: Note, model: str, own: bool
) -> Index:
    from index.search import open_index

    try:
        index = stack.enter_context(open_index(path, model=model))
    except IndexMissing:
        if own:
            raise
        note(f"no index at {path}: a scratch index of {seeds()}")
        return stack.enter_context(scratch([seeds()], model=model))
    needed = {item.doc for question in questions for item in question.evidence}
    if own or needed <= {card.id for card in index.documents()}:
        return index
    note(f"{path} lacks documents of the gold questions: a scratch index of {seeds()}")
    return stack.enter_context(scratch([seeds()], model=model))


def _with_answers(evaluation: Evaluation) -> Evaluation:
    said = evaluation.said
    if said is None:
        return evaluation
    return replace(
        evaluation,
        answers=score(evaluation.judgements, said, evaluation.corpus.texts),
        refusals=refusals(evaluation.questions, said),
    )


def _spoke(result: Result) -> bool:
    return result.response is not None

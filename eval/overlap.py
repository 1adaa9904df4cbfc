"""How many words a question shares with the text that answers it."""

from __future__ import annotations

from eval.gold import Question
from rag.letters import letters
from rag.words import content


def shared_content(question: Question) -> float:
    """Share of the question's content words that stand in its evidence, 0 to 1.

    Content words are nouns, names, verbs, adjectives, numbers and Latin words of
    two characters or more, by jieba's parts of speech; they are looked for in
    all evidence of the question, letters only.
    """
    words = content(question.question)
    text = letters("\n".join(item.quote for item in question.evidence)).text
    if not words:
        return 0.0
    return sum(letters(word).text in text for word in words) / len(words)

"""What is said without looking anything up: greetings, empty and foreign questions."""

from __future__ import annotations

import re

from rag.answer import Answer
from rag.letters import plain
from rag.question import Asked, Form
from rag.wording import say

_THANKS = re.compile(r"谢|辛苦|thank")
_BYE = re.compile(r"再见|拜拜|bye|晚安")
_HELP = re.compile(r"你是谁|你叫|你能|你会|你可以|怎么用|帮助|help")
FOREIGN = (
    "Sorry, I could not put your question into Chinese, and the documents are Chinese: too few of its words "
    "are in the dictionary and in the documents, and no language model is connected to translate it. "
    "Please ask in Chinese, or start Youju with --llm."
)


def small_talk(question: str, asked: Asked, language: str = "zh") -> Answer | None:
    """The reply to what asks nothing of the documents; None when it does.

    A foreign question is answered in English, whatever the language of the page.
    """
    if asked.form is Form.EMPTY:
        return _said(question, "empty", language)
    if asked.form is Form.FOREIGN:
        return Answer(question=question, text=FOREIGN, refused=True, reason="foreign")
    if asked.form is not Form.GREETING:
        return None
    text = plain(question)
    kinds = ((_THANKS, "thanks"), (_BYE, "bye"), (_HELP, "help"))
    kind = next((kind for pattern, kind in kinds if pattern.search(text)), "greeting")
    return _said(question, kind, language)


def _said(question: str, kind: str, language: str) -> Answer:
    return Answer(question=question, text=say(language, kind), refused=True, reason=kind)

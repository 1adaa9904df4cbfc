"""What is said without looking anything up: greetings, empty and foreign questions."""

from __future__ import annotations

import re

from rag.answer import Answer
from rag.letters import plain
from rag.question import Asked, Form

_THANKS = re.compile(r"谢|辛苦|thank")
_BYE = re.compile(r"再见|拜拜|bye|晚安")
_HELP = re.compile(r"你是谁|你叫|你能|你会|你可以|怎么用|帮助|help")
_WORDS = {
    "greeting": "你好！请直接提问，我会从已建索引的文档里找出处，每句话都附原文引用。",
    "thanks": "不客气。还想知道什么，请继续提问。",
    "bye": "再见！",
    "help": "我是“有据”：只依据已建索引的文档回答问题，每句话都标明原文出处；文档里没有的，我会明说没有。",
    "empty": "请输入一个问题。",
    "foreign": (
        "Sorry, I can only look up questions asked in Chinese here: the documents are Chinese and no "
        "language model is connected to translate your question. "
        "Please ask in Chinese, or start Youju with --llm."
    ),
}


def small_talk(question: str, asked: Asked) -> Answer | None:
    """The reply to what asks nothing of the documents; None when it does."""
    if asked.form is Form.EMPTY:
        return _said(question, "empty")
    if asked.form is Form.FOREIGN:
        return _said(question, "foreign")
    if asked.form is not Form.GREETING:
        return None
    text = plain(question)
    kinds = ((_THANKS, "thanks"), (_BYE, "bye"), (_HELP, "help"))
    return _said(question, next((kind for pattern, kind in kinds if pattern.search(text)), "greeting"))


def _said(question: str, kind: str) -> Answer:
    return Answer(question=question, text=_WORDS[kind], refused=True, reason=kind)

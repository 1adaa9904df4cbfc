"""Orders to the program inside a question: passed over, and what is asked beside them is answered."""

from __future__ import annotations

import re

from rag.letters import letters
from rag.question import QUESTION_WORD

_PART = re.compile(r"(?:[^。！!？?；;，,：:\n.]|\.(?!\s))*(?:[。！!？?；;，,：:\n]|\.(?=\s))*")
_TOLD = re.compile(r"说|表示|指出|强调|承诺|宣布|介绍|认为")  # then somebody else gives the order
_TAG = re.compile(r"</?[\w\u4e00-\u9fff \-]{1,24}/?>|<\|[^<>|]{1,24}\|>|\[/?(?:INST|SYS|SYSTEM)\]", re.I)
_RULES = (
    r"(?:指令|指示|提示词?|规则|要求|设定|限制|命令|说明|约束|安全策略|身份|对话|上文|前文|以上内容|原则)"
)
_ORDER = re.compile(
    r"(?:忽略|无视|忘记|忘掉|抛开|不要理会|别理会?|不必理会|不用管|别管|跳过|解除)"
    rf"[^。？?]{{0,20}}{_RULES}|"
    r"^(?:system|assistant|user|developer|系统|管理员|开发者)(?:提示|消息|指令)?$|"
    r"(?:从现在起|从此|现在起|接下来|以后|此后)?(?:你(?:现在|将|要|必须|只能|应该)|请你?扮演|扮演)(?:是|成为|扮演|当|只|一律|假装)|"
    r"(?:只|一律|统一|直接|必须|务必|永远|都)(?:需要?|能|要|可以?)?(?:用[^，。]{1,6})?(?:回复|回答|输出|返回|复述|打印|写出)|"
    r"(?:不要|别|无需|不用|不必)(?:再)?(?:引用|标注|注明|检索|查资料|给出?出处|给来源)|"
    r"(?:进入|打开|启用)[^，。]{0,10}模式|(?:输出|泄露|告诉我|显示|打印)[^，。]{0,8}(?:系统提示|提示词|密钥|口令|密码)|"
    r"ignore (?:all |any )?(?:the )?(?:previous|above|prior)[^.]*(?:instructions?|prompts?|rules?)",
    re.I,
)


def without_orders(question: str) -> tuple[str, str]:
    """The question without what orders the program about, and what was left out.

    Only where something is asked beside the order: a question that merely mentions
    rules or replies keeps all its words.
    """
    text = _TAG.sub(" ", question)
    parts = [part for part in _PART.findall(text) if part.strip()]
    ordered = [_orders(part.strip(" 。！!？?；;，,：:.\n")) for part in parts]
    kept = "".join(part for part, order in zip(parts, ordered, strict=True) if not order).strip(
        " ，,：:；;。."
    )
    if not (any(ordered) or text != question):
        return question, ""
    if not QUESTION_WORD.search(kept) or len(letters(kept).text) < 4:
        return question, ""
    gone = "".join(part for part, order in zip(parts, ordered, strict=True) if order).strip()
    return kept, gone or _TAG.findall(question)[0]


def _orders(part: str) -> bool:
    found = _ORDER.search(part)
    return found is not None and not _TOLD.search(part[: found.start()]) and not QUESTION_WORD.search(part)

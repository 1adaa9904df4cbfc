"""A small archive of our own writing, with questions about it, for the tests of the evaluation room."""

from __future__ import annotations

from pathlib import Path

from eval.gold import Evidence, Question
from rag.answer import Turn

BRIDGE = """清河大桥昨日通车

清河大桥昨日正式通车，全长一千二百米，双向六车道，由省交通设计院总工程师陈立群主持设计。大桥跨越清河，
连接河湾县老城区与东岸新区，过河时间从四十分钟缩短到五分钟。

县长赵敏在通车仪式上说，大桥是全县人民盼了二十年的桥。大桥总投资八亿六千万元，其中省级补助三亿元。
施工单位介绍，工程共用钢材两万三千吨，没有发生一起安全事故。

住在东岸的菜农孙桂兰第一个骑三轮车过桥，她说以后进城卖菜不用再等渡船了。原有的两条轮渡航线将于下月停运，
三十六名船工由县交通局统一安排到公交公司上岗。
"""

SCHOOL = """三所乡村小学添了新图书室

县教育局今年为石坪、柳沟、大塘三所乡村小学建起图书室，共配书一万四千册，全部免费向学生开放。
石坪小学校长何建华介绍，学校请了退休教师周淑贞当管理员，每天下午放学后开放两个小时。

柳沟小学四年级学生说，最喜欢看的是昆虫和火箭的书。图书由省新华书店捐赠六千册，其余由县财政购买。
县教育局副局长林涛表示，明年还要为五所学校配图书室，让山里的孩子也有书读。

教育局还组织了读书节，评出二十名读书小明星，每人得到一套百科全书。
"""

FARM = """雪梨丰收 果农笑了

入秋以来，河湾县四万亩雪梨陆续成熟，预计总产量六万吨，比去年增长一成。县农业农村局高级农艺师吴国栋说，
今年雨水调匀，病虫害少，果子又大又甜。

果农老郭家种了十二亩梨树，收入有望超过十五万元。县里建成的冷库能存三千吨，果农可以等到春节前后再卖，价钱更好。
电商服务站培训了两百多名主播，通过网络卖出的雪梨占到三分之一。

今年还第一次向东南亚出口雪梨八百吨，由海关开通绿色通道，当天报关当天放行。
"""

WATER = """清河水质连续三年达到二类

县生态环境局公布，清河河湾段水质连续三年达到二类标准，消失多年的中华秋沙鸭回来越冬，今冬数到四十七只。
五年来全县关停沿河养殖场八十九家，铺设污水管网一百六十公里。

县生态环境局局长冯雪梅说，治水没有捷径，只有一个排污口一个排污口地查。县里请了一百二十名村民当护河员，
每人每月补贴六百元。

下游的清江市每年付给河湾县一千万元生态补偿，水质变差则河湾县倒赔五百万元，两地去年签了协议。
"""

FILES = {"bridge.txt": BRIDGE, "school.txt": SCHOOL, "farm.txt": FARM, "water.txt": WATER}


def write_archive(folder: Path) -> Path:
    """Write the archive into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _one(id_: str, type_: str, question: str, doc: str, quote: str, answer: str, **more: object) -> Question:
    return Question(id_, type_, question, (Evidence(doc, quote),), answer=answer, **more)  # type: ignore[arg-type]


QUESTIONS = (
    _one("q1", "fact", "清河大桥全长多少米？", "bridge.txt", "全长一千二百米", "一千二百米"),
    _one("q2", "fact", "清河大桥是谁设计的？", "bridge.txt", "由省交通设计院总工程师陈立群主持设计", "陈立群"),
    _one("q3", "reworded", "摆渡的师傅们往后干什么去？", "bridge.txt", "三十六名船工由县交通局统一安排到公交公司上岗", "公交公司"),
    _one("q4", "fact", "石坪小学图书室的管理员是谁？", "school.txt", "学校请了退休教师周淑贞当管理员", "周淑贞", split="closed"),
    _one("q5", "fact", "雪梨预计总产量是多少？", "farm.txt", "预计总产量六万吨", "六万吨", split="closed"),
    _one("q6", "who_said", "谁说治水没有捷径？", "water.txt", "县生态环境局局长冯雪梅说，治水没有捷径", "冯雪梅"),
    _one("q7", "fact", "护河员每月补贴多少？", "water.txt", "每人每月补贴六百元", "六百元", split="closed"),
    _one(
        "q8", "follow_up", "那县财政呢？", "school.txt", "图书由省新华书店捐赠六千册，其余由县财政购买", "其余",
        history=(Turn("省新华书店捐了多少册图书？", "六千册。"),), standalone="县财政购买了哪些图书？",
    ),
    Question("q9", "unanswerable", "清河大桥的设计使用寿命是多少年？", answerable=False),
    Question("q10", "off_topic", "怎么做红烧肉？", answerable=False, split="closed"),
)  # fmt: skip

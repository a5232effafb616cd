"""Running text is told from names in scripts that put no spaces between words, too."""

from __future__ import annotations

import numpy as np
import pytest

PARTS = {
    "chinese": [
        "这家餐厅的菜非常好吃",
        "服务员态度很差",
        "我们等了一个小时",
        "环境安静舒适",
        "价格有点贵",
        "下次还会再来",
    ],
    "japanese": [
        "料理がとても美味しかったです",
        "店員の対応が悪い",
        "一時間も待たされました",
        "静かで落ち着く店です",
    ],
    "thai": ["อาหารอร่อยมาก", "บริการแย่มาก", "รอนานหนึ่งชั่วโมง", "บรรยากาศเงียบสงบ"],
}


@pytest.mark.parametrize("language", list(PARTS))
def test_reviews_without_spaces_are_text(ready, language):
    draw = np.random.default_rng(0)
    lines = ["review,label"]
    for number in range(120):
        said = "，".join(draw.permutation(PARTS[language])[:3]) + f"{number}"
        lines.append(f"{said},{('good', 'bad')[number % 2]}")
    sample = ready({"reviews.csv": "\n".join(lines) + "\n"}, plan={"data": {"target": "label"}})
    assert sample.kind == "text"
    assert {c.name: c.role for c in sample.columns}["review"] == "text"


def test_short_names_without_spaces_are_still_names(ready):
    draw = np.random.default_rng(0)
    lines = ["name,size,label"]
    for number in range(120):
        name = "".join(draw.choice(list("王李张刘陈杨赵黄周吴"), 3))
        lines.append(f"{name}{number % 7},{number},{('a', 'b')[number % 2]}")
    sample = ready({"people.csv": "\n".join(lines) + "\n"}, plan={"data": {"target": "label"}})
    assert {c.name: c.role for c in sample.columns}["name"] == "ignored"

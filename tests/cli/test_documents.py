"""JSON that a user gives a command: how deep it may be nested."""

import json

import pytest

from keras_inits.cli import _documents


def test_what_is_nested_less_deeply_is_read():
    text = json.dumps({"a": [[[{"b": 1}]]]})

    assert _documents.json_object("--x", text, "JSON") == json.loads(text)


@pytest.mark.parametrize(
    ("depth", "passes"), [(_documents.DEEPEST, True), (_documents.DEEPEST + 1, False)]
)
def test_the_bound_of_nesting_is_where_it_is_said_to_be(depth, passes):
    text = '{"a":' * depth + "1" + "}" * depth

    if passes:
        assert _documents.json_object("--x", text, "JSON")
        return
    with pytest.raises(ValueError, match="nested at most 32 deep"):
        _documents.json_object("--x", text, "JSON")

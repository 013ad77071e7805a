"""Questions are kept and told as JSON, whatever stands in the file that they are about."""

from importer.files.questions import Choice, Question


def test_a_question_is_the_same_after_it_was_kept():
    question = Question(
        "column-3", "column", "Which field is it?", (Choice("name", "it is name", ("Ana",)),), "name"
    )
    assert Question.from_json(question.as_json()) == question


def test_what_the_database_cannot_keep_is_shown_as_unknown_characters():
    told = Question("column-3", "column", "x\0y", (Choice("1", "a\udcff", ("b\0",)),)).as_json()
    assert (told["text"], told["choices"][0]["text"]) == ("x\ufffdy", "a\ufffd")
    assert told["choices"][0]["examples"] == ("b\ufffd",)

"""Questions are kept and told as JSON, whatever stands in the file that they are about."""

from importer.files.questions import Answers, Choice, Question


def test_a_question_is_the_same_after_it_was_kept():
    question = Question(
        "column-3", "column", "Which field is it?", (Choice("name", "it is name", ("Ana",)),), "name"
    )
    assert Question.from_json(question.as_json()) == question


def test_what_the_database_cannot_keep_is_shown_as_unknown_characters():
    told = Question("column-3", "column", "x\0y", (Choice("1", "a\udcff", ("b\0",)),)).as_json()
    assert (told["text"], told["choices"][0]["text"]) == ("x\ufffdy", "a\ufffd")
    assert told["choices"][0]["examples"] == ("b\ufffd",)


def test_a_value_map_adds_to_what_is_remembered_and_other_answers_replace_it():
    remembered = {"words-4": {"Polen": "PL", "Mars": "FR"}, "century-2": "1900"}
    answers = Answers({"words-4": {"Mars": "DE"}, "century-2": "2000"}, remembered)
    assert dict(answers) == {"words-4": {"Polen": "PL", "Mars": "DE"}, "century-2": "2000"}
    assert answers.is_final("words-4")

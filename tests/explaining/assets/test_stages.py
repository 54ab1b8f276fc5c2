"""stages.js: the order of a step's stages, and what is known at each."""

import pytest
from explained_page import TITLES
from explanations import drawn, tutorial

pytestmark = pytest.mark.xdist_group("browser")
STAGES = """
([explanation, step]) => {
  const model = new Model(explanation);
  const setup = model.setup();
  const path = train(model.network, setup, step);
  const view = model.view(path.at(-1).parameters, setup);
  return stagesOf(model, view, step, path[0].error).map(({ phase, title, sentence, known }) => ({
    ...{ phase, title, sentence, error: known.error, updated: known.updated },
    ...{ values: known.values.size, deltas: known.deltas.size, gradients: known.gradients.size },
  }));
}
"""


@pytest.fixture
def stages(in_javascript):
    return lambda *arguments: in_javascript("stages descent model", STAGES, arguments)


def test_each_stage_knows_what_those_before_it_found(stages):
    (told,) = stages((tutorial().page_data(), 0))
    assert [stage["title"] for stage in told] == TITLES[:-1]
    known = [[stage[key] for key in ("values", "deltas", "gradients")] for stage in told]
    forward, backward = [[2, 0, 0], [3, 0, 0], [4, 0, 0]], [[5, 1, 0], [5, 2, 0], [5, 3, 0]]
    assert known == [
        *forward,
        *[[5, 0, 0]] * 3,
        *backward,
        *[[5, 3, 1], [5, 3, 2], [5, 3, 2], [5, 0, 0]],
    ]
    assert [stage["error"] for stage in told] == [False] * 4 + [True] * 9
    assert [stage["updated"] for stage in told] == [False] * 11 + [True] * 2


def test_a_later_step_begins_with_all_that_the_one_before_it_found(stages):
    first, second, *_ = stages((tutorial().page_data(), 3))[0]
    assert first["title"] == "After 3 steps"
    assert first["sentence"].startswith("After 3 updates the prediction is 0.4")
    assert (first["values"], first["error"]) == (5, True)
    assert (second["values"], second["error"]) == (3, False)


@pytest.mark.parametrize(
    ("loss", "title"),
    [
        ("cross_entropy", "Forward: the probability"),
        ("binary_cross_entropy", "Forward: the probability"),
        ("poisson", "Forward: the rate"),
        ("mae", None),
    ],
)
def test_outputs_become_predictions_where_the_loss_says_how(loss, title, stages):
    titles = [stage["title"] for stage in stages((drawn((2, 3, 2), loss=loss).page_data(), 0))[0]]
    found = [words for words in titles if words.startswith("Forward: the")]
    assert found == [title] * (title is not None)

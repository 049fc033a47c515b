"""An extraction job that is killed loses at most a batch and ends in the same bytes."""

import pytest
from kills_extract import kills


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hubert", "manet"])
def test_a_killed_extraction_computes_at_most_a_batch_twice(tmp_path, kind):
    done = list(kills(tmp_path, 3, kind))
    assert len(done) == 3
    assert all(one.fine for one in done), [one.line() for one in done]
    assert any(one.first > 0 and not one.ended for one in done), [one.line() for one in done]

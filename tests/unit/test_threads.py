import pytest

from merflow.errors import MerflowError
from merflow.threads import numeric_threads


@pytest.mark.parametrize(("text", "threads"), [(None, 1), ("1", 1), ("12", 12)])
def test_the_environment_says_how_many(monkeypatch, text, threads):
    if text is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert numeric_threads() == threads


@pytest.mark.parametrize("text", ["", "0", "-1", "two", "1.5", "4,2", "\u00b2"])
def test_a_malformed_number_is_told(monkeypatch, text):
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    with pytest.raises(MerflowError, match="OMP_NUM_THREADS is"):
        numeric_threads()


@pytest.mark.parametrize("text", ["0", "-1", "two"])
def test_the_command_line_refuses_it_too(run, text):
    result = run("--threads", text, "faces", "--help")
    assert result.exit_code == 2
    assert "--threads" in result.output

import pandas as pd
import pytest

from merflow.report.markdown import table

PAPER = ["mr_rf-baseline", "mr_rf-jdev", "fused-baseline", "fused-jdev"]


def test_cells_of_table_1_come_from_the_metrics(scored):
    report, metrics = scored
    csv, page = report.table("table1", [*PAPER, "mine"])
    splits = {"Train&Val": "train", "MER-MULTI": "test1", "MER-NOISE": "test2"}
    names = {"Dis": "weighted_f1", "Dim": "mse", "Com": "com"}
    for cell in csv.itertuples():
        trained = "noise" if cell.row == "MER-NOISE" else "clean"
        scores = metrics["systems"][cell.system][trained][cell.reading][splits[cell.row]]
        assert cell.ours == scores[names[cell.metric]]
        assert [cell.low, cell.high] == scores["interval"][names[cell.metric]]
        assert f"{cell.ours:.4f} [" in page
    assert len(csv) == 6 * 5 * 2


def test_table_1_compares_with_the_paper_and_flags_its_misprint(scored):
    report, _ = scored
    csv, page = report.table("table1", [*PAPER, "mine"], mer2023=True)
    known = csv[csv["paper"].notna()]
    assert known["paper_note"].str.startswith("paper: MER 2023").all()
    assert csv[csv["paper"].isna()]["paper_note"].isna().all()
    flagged = known["paper_note"].str.contains("misprint")
    assert set(known[flagged]["system"]) == {"fused-baseline"}
    assert set(known[flagged]["metric"]) == {"Com"}
    assert set(known[flagged]["paper"]) == {0.6247}
    assert set(known[flagged]["paper_recomputed"]) == {0.6274}
    reference = known["paper"].where(~flagged, known["paper_recomputed"])
    assert (known["difference"] - (known["ours"] - reference)).abs().max() < 1e-9
    misprint = known[flagged & (known["reading"] == "honest")].iloc[0]
    assert f"(0.6247†, {misprint['difference']:+.4f})" in page
    assert page.count("†") == 3
    assert "printed 0.6247, but its own Dis and Dim give 0.6274. The difference is" in page


def test_on_another_corpus_there_is_no_difference_to_the_paper(scored):
    report, _ = scored
    csv, page = report.table("table1", PAPER)
    assert csv["difference"].isna().all()
    assert csv["paper"].notna().sum() == 4 * 5 * 2
    assert "The paper's own figures are of MER 2023 and stand in table1.csv alone" in page
    assert "†" not in page
    for printed in csv["paper"].dropna():
        assert f"({printed:.4f}" not in page


def test_the_paper_s_numbers_go_by_definition_where_there_is_one(scored):
    report, _ = scored
    faces = {"features": ["RF(pooling)", "MR(block2)"], "strategy": 1}
    definitions = {
        "mine": faces | {"decoder": "jdev"},
        "mr_rf-jdev": faces | {"decoder": "jdev", "features": ["RF(pooling)"]},
    }
    csv, page = report.table("table1", [*PAPER, "mine"], definitions=definitions)
    known = csv[csv["paper"].notna()]
    assert set(known["system"]) == {"mine"}
    com = known[(known["row"] == "Train&Val") & (known["metric"] == "Com")]
    assert set(com["paper"]) == {0.3198}
    assert "†" not in page


def test_own_systems_appear_without_a_figure_of_the_paper(scored):
    report, _ = scored
    csv, page = report.table("table1", [*PAPER, "mine"])
    own = csv[csv["system"] == "mine"]
    assert len(own) == 5 * 2
    assert own["paper"].isna().all()
    assert list(dict.fromkeys(csv["system"])) == [*PAPER, "fused-jdev (equal weights)", "mine"]
    assert "| mine " in page


def test_table_1_prints_what_is_needed_to_judge_it(scored):
    report, _ = scored
    _, page = report.table("table1", [*PAPER, "mine"], note="only a demo")
    for words in ("only a demo", "organiser - honest", "[differences.md](differences.md)"):
        assert words in page
    assert "95 % percentile interval of 200 bootstrap" in page
    assert "(the choice is not nested)" in page
    assert "JDEV - baseline" not in page
    assert "clip_" not in page


@pytest.mark.parametrize("verb", ["table1", "differences", "augmentation", "jdev", "loss-decoder"])
def test_every_page_ends_with_the_reference_predictors(scored, verb):
    report, metrics = scored
    _, page = report.table(verb, PAPER)
    end = page.split("\n## Reference predictors\n")[1]
    lines = [line.split("|")[2:-1] for line in end.splitlines() if line.startswith("| ")]
    for name, line in zip(("constant", "true_class"), lines[2:], strict=True):
        wanted = [
            f"{metrics['references'][name][split][metric]:.4f}"
            for split in ("train", "test1", "test2")
            for metric in ("weighted_f1", "mse", "com")
        ]
        assert [cell.strip() for cell in line] == wanted
    assert "On train both are in-sample" in end


@pytest.mark.parametrize(
    ("patience", "words"),
    [
        (10, "ends 10 epochs after the honest reading's last kept epoch, 100 at most"),
        (None, "Both readings choose among all 100 epochs"),
    ],
)
def test_table_1_says_which_epochs_the_readings_choose_among(scored, patience, words):
    report, _ = scored
    training = {"epochs": 100, "patience": patience, "selection": "inner"}
    _, page = report.table("table1", PAPER, training=training)
    assert words in page
    assert (
        "(the choice of a system's epochs is nested, that of an ensemble's weights is not)" in page
    )
    assert "not nested" not in page


def test_table_1_is_the_same_twice(scored):
    report, _ = scored
    first = report.table("table1", PAPER)[1]
    assert report.table("table1", PAPER)[1] == first


def test_systems_that_are_not_listed_are_left_out(scored):
    report, _ = scored
    csv, _ = report.table("table1", ["mine"])
    assert set(csv["system"]) == {"mine"}


def test_without_valence_table_1_has_dis_alone(make_report, trained):
    report = make_report(valence=False)
    report.metrics(trained(report.corpus, "mr_rf-baseline", 1.0))
    csv, page = report.table("table1", ["mr_rf-baseline"])
    assert set(csv["metric"]) == {"Dis"}
    assert "This corpus has no valence" in page
    assert "Systems with JDEV are left out" in page
    assert "chosen by Dis" in page
    assert not set(page.split()) & {"Dim", "Com", "MSE", "CCC"}
    end = page.split("## Reference predictors")[1]
    assert "| most frequent class of train |" in end
    assert "| true class " in end
    assert "valence" not in end
    assert "JDEV -" not in page
    assert "†" not in page


def test_without_tests_table_1_has_train_alone(make_report, trained):
    report = make_report(tests=())
    report.metrics(trained(report.corpus, "mr_rf-baseline", 1.0))
    csv, page = report.table("table1", ["mr_rf-baseline"])
    assert set(csv["row"]) == {"Train&Val"}
    assert "MER-MULTI" not in page
    rows, _ = report.table("augmentation", ["mr_rf-baseline"])
    assert set(rows["split"]) == {"train"}


def test_rows_of_an_augmentation_that_was_not_run_are_left_out(corpus, report):
    report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)})
    csv, page = report.table("table1", ["s"])
    assert set(csv["row"]) == {"Train&Val", "MER-MULTI"}
    assert "MER-NOISE" not in page.split("## Reference")[0]
    rows, page = report.table("augmentation", ["s"])
    assert rows.empty
    assert "No system was trained both" in page


def test_an_empty_cell_of_table_1_is_explained(corpus, report, trained):
    clean = {
        f"hl-jdev|clean|{reading}": corpus.predictions(f"c-{reading}", 1.0)
        for reading in ("honest", "organiser")
    }
    path = corpus.predictions("train-alone", 1.0)
    frame = pd.read_parquet(path)
    frame[frame["split"] == "train"].to_parquet(path, index=False)
    full = trained(corpus, "mr_rf-jdev", 1.0)
    report.metrics({**full, **clean, "mine|clean|honest": path})
    _, page = report.table("table1", ["mr_rf-jdev", "hl-jdev", "mine"])
    notes = [line for line in page.splitlines() if '"-"' in line]
    assert notes == [
        '- MER-MULTI: "-" where a system has no prediction of it in the honest reading: mine.',
        '- MER-NOISE: "-" where a system has no training with noisy copies, which this row is of: '
        "hl-jdev, mine.",
    ]
    report.metrics(full)
    assert '"-"' not in report.table("table1", ["mr_rf-jdev"])[1]


def test_fewer_scored_clips_are_said(corpus, report):
    path = corpus.predictions("s", 1.0)
    frame = pd.read_parquet(path)
    frame[frame["clip"] != "clip_train_004"].to_parquet(path, index=False)
    report.metrics({"s|clean|honest": path})
    assert "Train&Val: scored on 59 of 60 labelled clips" in report.table("table1", ["s"])[1]


def test_quarantined_clips_are_counted_by_reason(corpus, report):
    lost = corpus.folder / "q.csv"
    lost.write_text("clip,split,reason\na,test1,missing\nb,test1,missing\nc,train,soundless\n")
    report.metrics({"s|clean|honest": corpus.predictions("s", 1.0)}, quarantines=[lost])
    _, page = report.table("table1", ["s"])
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines()]
    assert ["train", "60", "1 soundless"] in rows
    assert ["test1", "25", "2 missing"] in rows
    assert ["test2", "25", "none"] in rows


def test_augmentation_sets_clean_beside_noise(scored):
    report, _ = scored
    csv, page = report.table("augmentation", PAPER)
    assert set(csv["split"]) == {"train", "test1", "test2"}
    for row in csv.itertuples():
        assert row.difference == pytest.approx(row.noise - row.clean, abs=1.01e-4)
        assert row.difference_low <= row.difference <= row.difference_high
    assert "## MER-NOISE: Com" in page


@pytest.mark.parametrize(
    ("seeds", "words"),
    [((0,), "over clips; it does not cover the seed"), ((0, 1), "over clips and trainings")],
)
def test_pages_say_whether_intervals_cover_the_seed(corpus, report, trained, seeds, words):
    files = {}
    for name in ("s-baseline", "s-jdev"):
        files |= trained(corpus, name, 1.0, seeds=seeds)
    found, _ = report.metrics(files)
    assert found["seeds"] == list(seeds)
    for verb in ("differences", "augmentation"):
        assert words in report.table(verb, ["s-baseline", "s-jdev"])[1]


def test_markdown_keeps_a_bar_inside_its_cell():
    assert table(["a", "b"], [["x|y", "1"]]).splitlines()[2] == "| x\\|y |   1 |"


def test_choices_among_settings_are_told(scored):
    report, _ = scored
    training = {"epochs": 100, "patience": 10, "selection": "folds", "width": 128}
    _, page = report.table("table1", PAPER, training={**training, "learning_rate": [1e-3, 1e-4]})
    assert "both readings alike: learning_rate from 0.001, 0.0001; curves.csv" in page
    _, page = report.table("table1", PAPER, training={**training, "learning_rate": 1e-3})
    assert "both readings alike" not in page

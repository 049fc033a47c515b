"""Tests on real clips may skip where there are none, but not where they are said to be."""

import os

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip for lack of real data into a failure if the data's folder is named."""
    report = yield
    folder = os.environ.get("MERFLOW_REAL_DATA")
    if report.skipped and folder and item.get_closest_marker("real"):
        report.outcome = "failed"
        report.longrepr = f"skipped although MERFLOW_REAL_DATA is {folder}: {call.excinfo.value}"
    return report

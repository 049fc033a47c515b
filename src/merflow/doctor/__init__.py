"""The doctor: what will stop or hurt a run, told before any job."""

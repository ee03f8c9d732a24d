"""Between reports and the command line: whole pipelines, from data to report, each stage skipped when its work is done and valid."""

"""Studies: claims tested over seeds, from a TOML file to verdicts, figures and a page.

metrics model toml_source parse_evidence parse runs verdicts effects multiverse findings replications study
"""

"""Studies: claims tested over seeds, from a TOML file to verdicts, figures and a page.

metrics model toml_source parse_arms parse_claims parse_evidence parse kept runs contrasts verdicts effects looks
trainer command multiverse findings agreement replication_words replications document figures study
"""

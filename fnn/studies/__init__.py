"""Studies: claims tested over seeds, from a TOML file to verdicts, figures and a page.

metrics compare model toml_source parse_arms parse_figures parse_nuisance parse_claims parse_evidence table_model
parse_datasets parse_tables parse kept requests batches runs contrasts verdicts effects looks trainer command
specifications best_rates cells multiverse cell_document panels findings agreement replication_words replications
document figures table_runs table_effects table_words table_document table_figures table_study verdict_lines study
"""

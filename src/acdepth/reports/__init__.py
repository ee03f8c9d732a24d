"""Floor 5: tables, figures and pages made from results files."""

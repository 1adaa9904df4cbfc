"""Questions with known evidence, measures, comparisons and reports."""

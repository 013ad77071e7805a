"""Rules that mend many failed rows alike: a rule is data, and says what becomes of the cells of a row."""

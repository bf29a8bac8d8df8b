"""One class of tests per contract: a plugin inherits the ones it fulfils, and gives the fixtures they ask for."""

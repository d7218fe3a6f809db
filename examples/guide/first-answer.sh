trivium ask ./handbook --question "How long does the first retry wait?" --limit 1

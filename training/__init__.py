"""How the weights inside the package came about; nothing here is needed to use them."""

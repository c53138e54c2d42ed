"""Two homes side by side, in figures without a unit: shares, ratios, AUCs, scores."""

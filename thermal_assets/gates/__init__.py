"""Gates: figures of a diagnosis that must not pass a bound, for people and for continuous integration."""

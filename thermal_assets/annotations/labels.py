"""Whether the category of an annotation agrees with the class folder and with the codes of the name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from thermal_assets.profile import Profile

_STATES = {"normal": "normal", "anomaly": "anomaly", "abnormal": "anomaly", "정상": "normal", "이상": "anomaly"}


@dataclass(frozen=True)
class Meaning:
    """What a category says: objects it may stand for (empty: it says none) and states (empty: none)."""

    objects: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()

    @property
    def known(self) -> bool:
        return bool(self.objects or self.states)

    def agrees(self, object_name: str | None, state: str | None) -> bool:
        """False if it names another object or another state; what is not said agrees."""
        if self.objects and object_name is not None and object_name not in self.objects:
            return False
        return not (self.states and state is not None and state not in self.states)


def plain(label: str) -> str:
    """Letters and digits of ``label`` in lower case: 'Transport Pipe_Normal' -> 'transportpipenormal'."""
    return "".join(character for character in label.lower() if character.isalnum())


class Labels:
    """The labels a profile knows: its folders, objects, codes and states, alone and together."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        codes = dict(profile.grammar.codes) if profile.grammar else {}
        states = dict(profile.grammar.states) if profile.grammar else {}
        self._object_of_code = codes
        self._state_of_code = states
        self._meanings: dict[str, Meaning] = {}
        spelled = {**_STATES, **states}
        for word, state in spelled.items():
            self._add(word, (), (state,))
        names: dict[str, set[str]] = {}
        for code, name in codes.items():
            names.setdefault(name, set()).update((code, name))
        for rule in profile.classes:
            thing = rule.object or rule.folder
            self._add(rule.folder, (thing,), (rule.state,) if rule.state else ())
            names.setdefault(thing, set()).update(word for word in (rule.object, rule.code, rule.pair) if word)
        for thing, words in names.items():
            for word in words:
                self._add(word, (thing,), ())
                for spelling, state in spelled.items():
                    self._add(word + spelling, (thing,), (state,))

    def meaning(self, category: str | None, supercategory: str | None) -> Meaning:
        """What a category and its group say together; unknown words say nothing."""
        first = self._meanings.get(plain(category or ""), Meaning())
        second = self._meanings.get(plain(supercategory or ""), Meaning())
        return Meaning(first.objects or second.objects, first.states or second.states)

    def of_class(self, class_name: str) -> tuple[str | None, str | None]:
        """(object, state) of a class folder, None where the profile does not say."""
        rule = self.profile.rule_for(class_name)
        return (rule.object or rule.folder, rule.state) if rule else (None, None)

    def of_name(self, object_code: str | None, state_code: str | None) -> tuple[str | None, str | None]:
        """(object, state) of the codes of a file name."""
        return self._object_of_code.get(object_code or ""), self._state_of_code.get(state_code or "")

    def _add(self, label: str, objects: Iterable[str], states: Iterable[str]) -> None:
        key = plain(label)
        if key:
            before = self._meanings.get(key, Meaning())
            self._meanings[key] = Meaning(before.objects | frozenset(objects), before.states | frozenset(states))

"""What every chapter needs: the organisation, its people as actors, the days, and the language they write in."""

import random
import uuid
from dataclasses import dataclass, field

from performance.config.demo import calendar, company
from performance.foundation import access
from performance.people import models as people
from performance.people import queries

Words = tuple[str, str]


@dataclass
class Stage:
    """One telling of the story, in one language."""

    organisation: people.Organisation
    days: calendar.Days
    language: str
    chance: random.Random = field(default_factory=lambda: random.Random(company.SEED))  # noqa: S311
    _actors: dict[str, access.Actor] = field(default_factory=dict)

    def say(self, words: Words) -> str:
        """People write in one language: the English or the Chinese of a pair."""
        return words[1] if self.language.startswith("zh") else words[0]

    def actor(self, number: str) -> access.Actor:
        """Somebody by employee number, with the roles of the end of the story."""
        if number not in self._actors:
            person = people.Person.objects.select_related("user").get(number=number)
            actor = queries.load_actor(user=person.user, organisation_id=self.organisation.pk)
            if actor is None:
                raise LookupError(f"{number} cannot act.")
            self._actors[number] = actor
        return self._actors[number]

    def person_id(self, number: str) -> uuid.UUID:
        return self.actor(number).person_id

"""All mutations that are kept, by what they take away."""

from . import (
    of_answers,
    of_desk,
    of_files,
    of_guards,
    of_history,
    of_machines,
    of_mails,
    of_network,
    of_readers,
    of_settings,
    of_upkeep,
    of_webhooks,
)
from .mutation import Mutation

MUTATIONS: list[Mutation] = [
    *of_guards.MUTATIONS,
    *of_history.MUTATIONS,
    *of_webhooks.MUTATIONS,
    *of_network.MUTATIONS,
    *of_readers.MUTATIONS,
    *of_answers.MUTATIONS,
    *of_machines.MUTATIONS,
    *of_desk.MUTATIONS,
    *of_settings.MUTATIONS,
    *of_mails.MUTATIONS,
    *of_files.MUTATIONS,
    *of_upkeep.MUTATIONS,
]

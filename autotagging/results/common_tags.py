"""Tags that a label set and a network trained on another one have in common."""

from dataclasses import dataclass

import pandas as pd

from autotagging.formatting import list_some


@dataclass(frozen=True)
class CommonTags:
    """What the outputs of a network are in a label set.

    Parameters
    ----------
    members : dict
        Tag of the label set -> the network's tags that stand for it: list of str, in the order of
        the label set.
    missing : list of str
        Tags of the label set that the network lacks.
    unused : list of str
        Tags of the network that the label set lacks.
    """

    members: dict
    missing: list
    unused: list

    def merge(self, outputs, how="max"):
        """Return what a network says of the tags in common.

        Parameters
        ----------
        outputs : DataFrame
            A column per tag of the network.
        how : str
            How several tags become one: max, mean.

        Returns
        -------
        DataFrame
            A column per tag in common.
        """
        merged = {
            tag: outputs[tags].agg(how, axis=1).astype(outputs[tags[0]].dtype)
            for tag, tags in self.members.items()
        }
        return pd.DataFrame(merged, index=outputs.index)

    def describe(self):
        """Return what ``summary.json`` says of the tags: a dict."""
        other_names = {tag: names for tag, names in self.members.items() if names != [tag]}
        return {
            "in_common": len(self.members),
            "network_lacks": self.missing,
            "label_set_lacks": self.unused,
            "merged_by_maximum": other_names,
        }


def match(tags, known, synonyms):
    """Match the tags of a label set and of a network by name.

    Parameters
    ----------
    tags, known : list of str
        Of the label set and of the network. Case, and which word of a group of synonyms it is,
        decide only where both are there.
    synonyms : dict
        Synonym -> tag it is merged into, of a label set of merged tags; else empty.

    Returns
    -------
    CommonTags

    Raises
    ------
    ValueError
        Where there is none in common.
    """
    groups = {synonym.casefold(): tag.casefold() for synonym, tag in synonyms.items()}

    def meaning(name):
        return groups.get(name.casefold(), name.casefold())

    by_meaning = {meaning(tag): tag for tag in reversed(tags)}  # of several the most frequent
    meant = {name: name if name in tags else by_meaning.get(meaning(name)) for name in known}
    members = {tag: [name for name in known if meant[name] == tag] for tag in tags}
    found = {tag: names for tag, names in members.items() if names}
    if not found:
        raise ValueError(
            "the network and the label set have no tag in common: the network knows "
            f"{list_some(known)}; the label set has {list_some(tags)}"
        )
    missing = [tag for tag in tags if tag not in found]
    return CommonTags(found, missing, [name for name in known if meant[name] is None])

"""YAML in which no key stands twice."""

from __future__ import annotations

from typing import Any


def read_yaml(text: str) -> Any:
    """YAML as plain values.

    Raises:
        yaml.MarkedYAMLError: it is no YAML, or a mapping has one key twice, of which the last would win in silence.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen = set[Any]()
            for name, _ in node.value:
                if isinstance(name, yaml.ScalarNode) and name.value in seen and name.value != "<<":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key '{name.value}' stands twice in one mapping", name.start_mark
                    )
                seen.add(name.value if isinstance(name, yaml.ScalarNode) else id(name))
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader)  # a SafeLoader

"""Reference of the study file: every key with its type, default and meaning, from the model that reads the file."""

from typing import Any

from pydantic import BaseModel

from bandbench.benchmark.study.study_file import BandEntry, CropEntry, DetectorEntry, Discrepancy, Search, Study, Sweep

from .markdown import code, escape, table

MODELS: dict[str, type[BaseModel]] = {
    "the file": Study,
    "an entry of detectors": DetectorEntry,
    "an entry of bands": BandEntry,
    "sweep": Sweep,
    "search": Search,
    "crop": CropEntry,
    "mmd": Discrepancy,
}


def study_keys_text() -> str:
    """Return a table of keys for the study file and for each mapping in it."""
    schema = Study.model_json_schema()
    return "\n".join(f"### Keys of {place}\n\n{_keys(model, schema)}" for place, model in MODELS.items())


def _keys(model: type[BaseModel], schema: dict[str, Any]) -> str:
    shown = schema if model is Study else schema["$defs"][model.__name__]
    required = shown.get("required", [])
    rows = [
        (
            code(name),
            escape(_type(field, schema)),
            "required" if name in required else _default(model, name),
            escape(field.get("description", "")),
        )
        for name, field in shown["properties"].items()
    ]
    return table(("key", "type", "default", "meaning"), rows)


def _default(model: type[BaseModel], name: str) -> str:
    """Return a default as the file would state it; those of mappings are in the tables of the mappings."""
    value = model.model_fields[name].get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, tuple):
        return code(f"[{', '.join(map(_text, value))}]")
    return code(_text(value))


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or "''"


def _type(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """Return the type of a field of a JSON schema in words, with its limits."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        target = schema["$defs"][name]
        return "mapping" if "properties" in target else _type(target, schema)
    if "anyOf" in field:
        return " or ".join(_type(one, schema) for one in field["anyOf"])
    if "enum" in field:
        return "one of " + ", ".join(map(str, field["enum"]))
    if field.get("type") == "array" and "prefixItems" in field:
        kinds = dict.fromkeys(_type(one, schema) for one in field["prefixItems"])
        return f"[lowest, highest], each a {' or '.join(kinds)}"
    if field.get("type") == "array":
        return f"list of {_type(field['items'], schema)}"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
    kind = names.get(field.get("type", ""), "mapping" if field.get("type") == "object" else "any value")
    return kind + _limits(field)


def _limits(field: dict[str, Any]) -> str:
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    if high is None:
        return f" {'from' if 'minimum' in field else 'above'} {low:g}" + (" on" if "minimum" in field else "")
    return f" from {low:g} to {high:g}" if low is not None else f" up to {high:g}"

"""The Dutch API design rules on an OpenAPI document: what their linter checks, and some that it does not.

A function per rule, named after its id in standards/conformance.md chapter 1; each yields what breaks it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from openapi_schema_validator import OAS31Validator

Json = dict[str, Any]
Rule = Callable[[Json], Iterator[str]]

BODY_METHODS = ("put", "post", "patch")
METHODS = (*BODY_METHODS, "get", "delete")
SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
SEGMENT = re.compile(r"[a-z0-9-]+|\{[^{}]+\}")
LAST_SEGMENT = re.compile(r"_[a-z]+|[a-z0-9-]+|\{[^{}]+\}")
LOWER_CAMEL = re.compile(r"[a-z]+([A-Z]?[a-z0-9]+)*[A-Z]?")
UPPER_CAMEL = re.compile(r"([A-Z][a-z0-9]*)+")
DATE_NAME = re.compile(r"date|datum|.*(Date|Datum).*|.*_(date|datum)")
PERSONAL = re.compile(
    r"bsn|burgerservice|postcode|huisnummer|naam|voorletters|geboorte|telefoon|mail|iban", re.IGNORECASE
)
ERROR_MEDIA = {"application/problem+json", "application/problem+xml"}


def operations(doc: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in doc["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolved(doc: Json, node: Json) -> Json:
    while "$ref" in node:
        found: Any = doc
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def responses(doc: Json) -> Iterator[tuple[str, str, Json]]:
    for path, method, operation in operations(doc):
        for status, response in operation["responses"].items():
            yield f"{method} {path} {status}", status, resolved(doc, response)


def schemas(node: Any, place: str = "#") -> Iterator[tuple[str, Json]]:
    """Yield every object that has `properties`."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield place, node
        for key, child in node.items():
            yield from schemas(child, f"{place}/{key}")
    if isinstance(node, list):
        for number, child in enumerate(node):
            yield from schemas(child, f"{place}/{number}")


def formats(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("format"), str):
            yield node["format"]
        for child in node.values():
            yield from formats(child)
    if isinstance(node, list):
        for child in node:
            yield from formats(child)


def openapi3(doc: Json) -> Iterator[str]:
    if not re.fullmatch(r"3\.\d+\.\d+", doc.get("openapi", "")):
        yield "no member openapi with a 3.x version"


def valid_examples(doc: Json) -> Iterator[str]:
    """oas3-valid-media-example, oas3-valid-schema-example."""
    for place, schema, example in _examples(doc, "#", doc):
        whole = {**schema, "components": doc.get("components", {})}
        for error in OAS31Validator(whole).iter_errors(example):
            yield f"{place}: {error.message}"


def _examples(doc: Json, place: str, node: Any) -> Iterator[tuple[str, Json, Any]]:
    if isinstance(node, list):
        for number, child in enumerate(node):
            yield from _examples(doc, f"{place}/{number}", child)
    if not isinstance(node, dict):
        return
    schema = node["schema"] if isinstance(node.get("schema"), dict) else node
    named = node.get("examples")
    found = named if isinstance(named, list) else []
    found = (
        [each["value"] for each in named.values() if "value" in each] if isinstance(named, dict) else found
    )
    for example in [*found, *([node["example"]] if "example" in node else [])]:
        yield place, schema, example
    for key, child in node.items():
        if key not in ("example", "examples"):
            yield from _examples(doc, f"{place}/{key}", child)


def oas3_api_servers(doc: Json) -> Iterator[str]:
    if not doc.get("servers"):
        yield "no servers"


def oas3_server_variables(doc: Json) -> Iterator[str]:
    for server in doc.get("servers", []):
        if set(re.findall(r"\{(.*?)\}", server["url"])) - set(server.get("variables", {})):
            yield server["url"]


def include_major_version_in_uri(doc: Json) -> Iterator[str]:
    yield from (each["url"] for each in doc.get("servers", []) if not re.search(r"/v\d+", each["url"]))


def servers_use_https(doc: Json) -> Iterator[str]:
    yield from (each["url"] for each in doc.get("servers", []) if each["url"].startswith("http://"))


def semver(doc: Json) -> Iterator[str]:
    if not SEMVER.fullmatch(doc["info"]["version"]):
        yield doc["info"]["version"]


def info_contact_fields_exist(doc: Json) -> Iterator[str]:
    yield from {"name", "email", "url"} - doc["info"].get("contact", {}).keys()


def operation_operation_id_unique(doc: Json) -> Iterator[str]:
    count = Counter(operation.get("operationId") for _, _, operation in operations(doc))
    yield from (str(each) for each, times in count.items() if times > 1 or each is None)


def path_params(doc: Json) -> Iterator[str]:
    for path, method, operation in operations(doc):
        given = [resolved(doc, each) for each in operation.get("parameters", [])]
        declared = {each["name"] for each in given if each["in"] == "path" and each["required"]}
        if set(re.findall(r"\{(.*?)\}", path)) != declared:
            yield f"{method} {path}"


def openapi_tags_uniqueness(doc: Json) -> Iterator[str]:
    yield from (name for name, times in Counter(t["name"] for t in doc.get("tags", [])).items() if times > 1)


def paths_no_trailing_slash(doc: Json) -> Iterator[str]:
    yield from (path for path in doc["paths"] if path.endswith("/"))


def paths_kebab_case(doc: Json) -> Iterator[str]:
    for path in doc["paths"].keys() - {"/openapi.json"}:
        *most, last = path.removeprefix("/").split("/")
        if not (all(SEGMENT.fullmatch(each) for each in most) and LAST_SEGMENT.fullmatch(last)):
            yield path


def query_keys_camel_case(doc: Json) -> Iterator[str]:
    for path, method, operation in operations(doc):
        for each in (resolved(doc, p) for p in operation.get("parameters", [])):
            if each["in"] == "query" and not LOWER_CAMEL.fullmatch(each["name"]):
                yield f"{method} {path} {each['name']}"


def missing_version_header(doc: Json) -> Iterator[str]:
    for place, status, response in responses(doc):
        if status[0] in "23" and "API-Version" not in response.get("headers", {}):
            yield place


def use_problem_schema(doc: Json) -> Iterator[str]:
    for place, status, response in responses(doc):
        if status[0] in "45" and not ERROR_MEDIA & response.get("content", {}).keys():
            yield place


def problem_schema_members(doc: Json) -> Iterator[str]:
    for place, status, response in responses(doc):
        for media in response.get("content", {}).values() if status[0] in "45" else ():
            properties = resolved(doc, media["schema"]).get("properties", {})
            if missing := {"status", "title", "detail"} - properties.keys():
                yield f"{place} {missing}"


def problem_invalid_input(doc: Json) -> Iterator[str]:
    for path, method, operation in operations(doc):
        asks = method in BODY_METHODS or operation.get("parameters")
        if asks and "400" not in operation["responses"]:
            yield f"{method} {path}"


def specify_format_for_date_and_time(doc: Json) -> Iterator[str]:
    for place, name, schema in _properties(doc):
        if DATE_NAME.fullmatch(name) and not {"format", "allOf"} & schema.keys():
            yield f"{place}/{name}"


def use_date_instead_of_datetime(doc: Json) -> Iterator[str]:
    for place, name, schema in _properties(doc):
        if DATE_NAME.fullmatch(name) and "date-time" in formats(schema):
            yield f"{place}/{name}"


def date_time_ensure_timezone(doc: Json) -> Iterator[str]:
    yield from (each for each in formats(doc) if each in ("date-time-local", "time"))


def schema_camel_case(doc: Json) -> Iterator[str]:
    yield from (n for n in doc.get("components", {}).get("schemas", {}) if not UPPER_CAMEL.fullmatch(n))


def property_casing(doc: Json) -> Iterator[str]:
    yield from (f"{place}/{name}" for place, name, _ in _properties(doc) if not LOWER_CAMEL.fullmatch(name))


def no_422(doc: Json) -> Iterator[str]:
    yield from (place for place, status, _ in responses(doc) if status == "422")


def no_personal_data_in_path_or_query(doc: Json) -> Iterator[str]:
    for path, method, operation in operations(doc):
        names = [resolved(doc, each) for each in operation.get("parameters", [])]
        yield from (f"{method} {path} {p['name']}" for p in names if PERSONAL.search(p["name"]))


def no_file_extensions(doc: Json) -> Iterator[str]:
    yield from (path for path in doc["paths"].keys() - {"/openapi.json"} if "." in path.rsplit("/", 1)[-1])


def _properties(doc: Json) -> Iterator[tuple[str, str, Json]]:
    for place, schema in schemas(doc):
        for name, found in schema["properties"].items():
            yield place, name, found


RULES: tuple[Rule, ...] = (
    openapi3,
    valid_examples,
    oas3_api_servers,
    oas3_server_variables,
    include_major_version_in_uri,
    servers_use_https,
    semver,
    info_contact_fields_exist,
    operation_operation_id_unique,
    path_params,
    openapi_tags_uniqueness,
    paths_no_trailing_slash,
    paths_kebab_case,
    query_keys_camel_case,
    missing_version_header,
    use_problem_schema,
    problem_schema_members,
    problem_invalid_input,
    specify_format_for_date_and_time,
    use_date_instead_of_datetime,
    date_time_ensure_timezone,
    schema_camel_case,
    property_casing,
    no_422,
    no_personal_data_in_path_or_query,
    no_file_extensions,
)

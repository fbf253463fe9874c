"""What /v1/openapi.json says beyond the routes' own signatures: the invoice model, every problem, and examples."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway import door
from gateway.api.description.answers import answered_with
from gateway.api.description.examples import BODIES, SCHEMAS
from gateway.api.problems import MEDIA_TYPE
from gateway.api.views import ProblemDetails
from gateway.catalogue import CATALOGUE
from gateway.catalogue.kinds import Kind

_REF = "#/components/schemas/{model}"
_FRAMEWORKS = ("HTTPValidationError", "ValidationError")  # FastAPI's own form of errors, which nobody is answered with


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document (3.1) of the application."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _FRAMEWORKS:
        schemas.pop(name, None)
    _add_schema(schemas, "Invoice", door.json_schema(_REF))
    _add_schema(schemas, "ProblemDetails", ProblemDetails.model_json_schema(ref_template=_REF))
    for name, example in SCHEMAS.items():
        schemas[name]["examples"] = [example]
    answered = [kind for kind in CATALOGUE.values() if kind.status is not None]
    components["examples"] = {kind.code: _example(kind) for kind in answered}
    for method, path, operation in operations(document):
        _tell_problems(operation, answered_with(method, path))
        _show_bodies(operation)
    return document


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _add_schema(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    for part, described in schema.pop("$defs", {}).items():
        schemas.setdefault(part, described)
    schemas[name] = schema


def _example(kind: Kind) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": kind.type,
        "title": kind.title.en,
        "title_nb": kind.title.nb,
        "status": kind.status,
        "detail": f"{kind.cause.en} {kind.remedy.en}",
        "detail_nb": f"{kind.cause.nb} {kind.remedy.nb}",
    }
    if kind.status == 422:
        body["errors"] = [{"type": kind.type, "nb": body["detail_nb"], "en": body["detail"]}]
    return {"summary": kind.title.en, "value": body}


def _tell_problems(operation: dict[str, Any], codes: tuple[str, ...]) -> None:
    """Say which problems an operation can be answered with, by status, each with its example."""
    operation["responses"].pop("422", None)
    by_status: dict[str, list[str]] = {}
    for code in codes:
        by_status.setdefault(str(CATALOGUE[code].status), []).append(code)
    for status, those in sorted(by_status.items()):
        operation["responses"][status] = {
            "description": "; ".join(CATALOGUE[code].title.en for code in those),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": _REF.format(model="ProblemDetails")},
                    "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in those},
                }
            },
        }


def _show_bodies(operation: dict[str, Any]) -> None:
    """Give an example to what has no schema that holds one: documents, lines, lists."""
    whole = [operation.get("requestBody", {}), *operation["responses"].values()]
    contents = [content for part in whole for content in part.get("content", {}).items()]
    for media_type, content in contents:
        example = BODIES.get(f"{operation['operationId']} {media_type}", BODIES.get(media_type))
        if example is not None:
            content["example"] = example

//! The OpenAPI document: what the handlers say, and what holds for all of them.
//!
//! The handlers' own words come in; added are who may ask, and the answers that any request may get at the console. A
//! response that says nothing of itself is described by the type of its body.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The whole document.
pub fn complete(handlers: &OpenApi) -> Value {
    let mut document = serde_json::to_value(handlers).expect("the document is plain JSON");
    document["components"]["securitySchemes"] = json!({
        "console_token": {
            "type": "http", "scheme": "bearer",
            "description": "At the console's address: the token that `waybilld console` prints.",
        },
        "console_cookie": {
            "type": "apiKey", "in": "cookie", "name": "waybilld",
            "description": "At the console's address, in a browser: the same token, in a cookie `waybilld-PORT` that the console sets.",
        },
    });
    // At the Unix socket nothing is shown: the rights of its file say who may connect, and the system says who does.
    document["security"] = json!([{}, {"console_token": []}, {"console_cookie": []}]);
    let schemas = document["components"]["schemas"].clone();
    let operations = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for operation in operations.flatten().filter(|(method, _)| METHODS.contains(&method.as_str())).map(|(_, it)| it) {
        for (status, says) in [
            ("401", "At the console: the token is missing or wrong."),
            ("403", "At the console: for another host, or from another page."),
        ] {
            let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
            operation["responses"][status] = json!({"description": says, "content": {"application/problem+json": problem}});
        }
        let asks = operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["in"] == "query");
        if asks && operation["responses"].get("400").is_none() {
            operation["responses"]["400"] = json!({
                "description": "A parameter that is not known, or whose value cannot be read.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            });
        }
        let responses = operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut);
        for response in responses.filter(|response| response["description"].as_str().is_none_or(str::is_empty)) {
            response["description"] = described(response, &schemas).unwrap_or("As asked.").into();
        }
    }
    document
}

/// What the type of that response's body says of itself, in its first sentence.
fn described<'a>(response: &Value, schemas: &'a Value) -> Option<&'a str> {
    let content = response["content"].as_object()?.values().next()?;
    let shape = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
    schemas[shape]["description"].as_str()?.split("\n\n").next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_answer_is_described_and_every_operation_has_a_name_of_its_own() {
        let document = complete(&super::super::routes::documented().1);
        let mut names = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let name = operation["operationId"].as_str().unwrap_or_default();
                assert!(names.insert(name.to_owned()), "{method} {path}: a second {name}");
                for (status, response) in operation["responses"].as_object().expect("responses") {
                    let said = response["description"].as_str().unwrap_or_default();
                    assert!(!said.is_empty() && said != "As asked.", "{method} {path} {status}");
                }
            }
        }
    }

    #[test]
    fn closed_sets_are_listed_and_unknown_fields_are_ruled_out() {
        let schemas = &complete(&super::super::routes::documented().1)["components"]["schemas"];
        let label = &schemas["LabelRequest"];
        assert_eq!((&label["additionalProperties"], &label["properties"]["carrier"]["maxLength"]), (&json!(false), &json!(60)));
        for set in [
            "State",
            "SortKey",
            "PrinterState",
            "PrinterReason",
            "ConfirmsBy",
            "TaskKind",
            "TaskOutcome",
            "PaperKind",
            "Evidence",
            "DoubtCause",
        ] {
            let words = schemas[set]["enum"].as_array().unwrap_or_else(|| panic!("{set} is no closed set: {}", schemas[set]));
            assert!(words.iter().all(|word| word.as_str().is_some_and(|word| !word.contains('-'))), "{words:?}");
        }
    }
}

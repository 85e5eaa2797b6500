//! What stands behind the `?` of an address.

use super::problem::{Kind, Problem};
use crate::fault::hint;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::error::Error;
use utoipa::IntoParams;

/// The parameters of a question; one that is not documented is told, not ignored.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned + IntoParams, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked<T>, Problem> {
        let unasked = |error: &dyn Error| {
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Problem::new(Kind::Unasked, format!("{why}."))
        };
        let given: Query<Vec<(String, String)>> = Query::try_from_uri(&parts.uri).map_err(|error| unasked(&error))?;
        let documented = T::into_params(|| None);
        let known: Vec<&str> = documented.iter().map(|parameter| parameter.name.as_str()).collect();
        if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(Problem::new(Kind::Unasked, format!("there is no such parameter.{}", hint(name, &known))));
        }
        Query::try_from_uri(&parts.uri).map(|Query(asked)| Asked(asked)).map_err(|error| unasked(&error))
    }
}

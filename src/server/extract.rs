//! What stands in an address: the id of something, and what is asked behind the `?`.

use super::problem::{Kind, Problem};
use crate::fault::hint;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::error::Error;
use utoipa::IntoParams;

/// The id or name in the path.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id, Problem> {
        let unreadable = |_| Problem::new(Kind::NotThere, "the id in the address is no UTF-8: there is no such thing.");
        Path::from_request_parts(parts, state).await.map(|Path(id)| Id(id)).map_err(unreadable)
    }
}

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

//! What stands in an address: an id in the path, and the query parameters behind the `?`.

use super::problem::{Kind, Problem};
use crate::fault::hint;
use crate::waybill::json::shown;
use axum::extract::{FromRequestParts, Path, Query as AxumQuery};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::error::Error;
use utoipa::IntoParams;

/// The id or name in the path.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id, Problem> {
        let unreadable = |_| Problem::new(Kind::NotFound, "the id in the address is not UTF-8.");
        Path::from_request_parts(parts, state).await.map(|Path(id)| Id(id)).map_err(unreadable)
    }
}

/// The query parameters; one that is not documented is refused, not ignored.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + IntoParams, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, Problem> {
        let bad_query = |error: &dyn Error| {
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Problem::new(Kind::BadQuery, format!("{why}."))
        };
        let given: AxumQuery<Vec<(String, String)>> = AxumQuery::try_from_uri(&parts.uri).map_err(|error| bad_query(&error))?;
        let documented = T::into_params(|| None);
        let known: Vec<&str> = documented.iter().map(|parameter| parameter.name.as_str()).collect();
        if let Some((name, _)) = given.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(Problem::new(Kind::BadQuery, format!("unknown parameter `{}`.{}", shown(name), hint(name, &known))));
        }
        AxumQuery::try_from_uri(&parts.uri).map(|AxumQuery(query)| Query(query)).map_err(|error| bad_query(&error))
    }
}

//! The console: every route again on loopback TCP, behind a token, and the page that uses them.
//!
//! Any program of this PC, and any page in its browser, can reach a loopback port, so each request must show three
//! things: that it was meant for this address (`Host`: no other name resolves to us), that no other page sent it
//! (`Origin`), and that its sender knows the token: as a cookie no script can read, or as `Authorization: Bearer`.
//! Nothing on the page comes from elsewhere, and none of its script or style stands in the page itself.

use super::problem::{Kind, Problem};
use super::{AppState, Peer};
use crate::api::{self, ConsoleAddress};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use std::sync::Arc;
use tokio::net::TcpListener;

/// How long a browser keeps the token: a year, so that the station's bookmark goes on working.
const COOKIE_SECONDS: u32 = 365 * 24 * 3600;

/// What every answer at the console says about itself.
const ALWAYS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // A preview shows names and addresses.
    (header::CACHE_CONTROL, "no-store"),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page, as it stands in this program.
const PAGE: [(&str, &str, &str); 11] = [
    ("/", "text/html; charset=utf-8", include_str!("console/index.html")),
    ("/console.css", "text/css; charset=utf-8", include_str!("console/console.css")),
    ("/console.js", SCRIPT, include_str!("console/console.js")),
    ("/door.js", SCRIPT, include_str!("console/door.js")),
    ("/import.js", SCRIPT, include_str!("console/import.js")),
    ("/page.js", SCRIPT, include_str!("console/page.js")),
    ("/scan.js", SCRIPT, include_str!("console/scan.js")),
    ("/sound.js", SCRIPT, include_str!("console/sound.js")),
    ("/words.js", SCRIPT, include_str!("console/words.js")),
    ("/icon.svg", "image/svg+xml", include_str!("console/icon.svg")),
    ("/words.json", "application/json", include_str!("console/words.json")),
];

/// Where the console listens, and the word that opens it.
pub struct Console {
    pub listener: TcpListener,
    pub token: Token,
}

/// The word that opens the console: 16 to 128 letters, digits, `-` and `_`.
pub struct Token(String);

/// What a request must show.
struct Guard {
    token: Token,
    cookie: String,
}

impl Token {
    /// The token in that text, if it is one.
    pub fn parse(text: &str) -> Option<Token> {
        let text = text.trim();
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        ((16..=128).contains(&text.len()) && plain).then(|| Token(text.to_owned()))
    }

    /// Compared by their hashes, which takes as long for any two.
    fn is(&self, word: &str) -> bool {
        blake3::hash(self.0.as_bytes()) == blake3::hash(word.as_bytes())
    }
}

impl Console {
    /// What to open in a browser.
    pub fn url(&self) -> std::io::Result<String> {
        let address = self.listener.local_addr()?;
        Ok(format!("http://{address}/?token={}", self.token.0))
    }

    /// These routes and the page, for requests that show what must be shown.
    pub(super) fn guard(token: Token, listener: &TcpListener, routes: Router) -> Router {
        // Cookies know no port: a second daemon on this PC needs another name.
        let port = listener.local_addr().map_or(0, |address| address.port());
        let guard = Guard { token, cookie: format!("waybilld-{port}") };
        let page = PAGE.iter().fold(routes, |routes, (path, kind, text)| {
            routes.route(path, get(move || async move { ([(header::CONTENT_TYPE, *kind)], *text) }))
        });
        page.layer(middleware::from_fn_with_state(Arc::new(guard), guarded))
    }
}

/// The console's address with its token
///
/// To open in a browser of this PC. Told only at the socket.
#[utoipa::path(get, path = "/v1/console", tag = "daemon", responses(
    (status = 200, body = ConsoleAddress),
    (status = 404, description = "No console is configured, or it is the console that asks.", body = api::Problem,
        content_type = "application/problem+json")))]
pub async fn address(
    State(app): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
) -> Result<Json<ConsoleAddress>, Problem> {
    match (&app.console, peer) {
        (_, Peer::Console) => Err(Problem::new(Kind::NotFound, "the console's address is told at the socket only.")),
        (Some(url), _) => Ok(Json(ConsoleAddress { url: url.clone() })),
        (None, _) => Err(Problem::new(
            Kind::NotFound,
            "no console is configured: add a table [console] with `listen = \"127.0.0.1:8631\"` and start waybilld again.",
        )),
    }
}

async fn guarded(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut answer = match guard.admit(request.method(), request.uri(), request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(welcome)) => welcome,
        Err(problem) => problem.into_response(),
    };
    for (name, value) in ALWAYS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

impl Guard {
    /// Whether the request may pass; an answer if it only brings the token.
    fn admit(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Option<Response>, Problem> {
        let host = text(headers, header::HOST).unwrap_or_default();
        if !is_loopback(host) {
            let sentence = "the console is reached as 127.0.0.1, [::1] or localhost only: open the address that \
                `waybilld console` prints.";
            return Err(Problem::new(Kind::ForeignOrigin, sentence));
        }
        let origin = headers.contains_key(header::ORIGIN).then(|| text(headers, header::ORIGIN).unwrap_or_default());
        let is_ours = origin.and_then(|origin| origin.strip_prefix("http://")) == Some(host);
        if origin.is_some() && !is_ours {
            return Err(Problem::new(Kind::ForeignOrigin, "another page sent this: only the console's own page may ask here."));
        }
        let welcome = uri.path() == "/" && method == Method::GET;
        if let Some(word) = parameter(uri, "token").filter(|_| welcome) {
            return if self.token.is(word) { Ok(Some(self.welcome())) } else { Err(unknown()) };
        }
        let bearer = text(headers, header::AUTHORIZATION).and_then(|given| given.strip_prefix("Bearer "));
        if let Some(word) = bearer {
            return if self.token.is(word.trim()) { Ok(None) } else { Err(unknown()) };
        }
        let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let ours = cookies.find_map(|cookies| cookie(cookies, &self.cookie));
        if !ours.is_some_and(|word| self.token.is(word)) {
            return Err(unknown());
        }
        // A browser names the page that sends something; what it sends without naming one may come from any.
        if !method.is_safe() && !is_ours {
            return Err(Problem::new(
                Kind::ForeignOrigin,
                "the header `Origin` is missing: only the console's own page may ask here.",
            ));
        }
        Ok(None)
    }

    /// The token goes into a cookie, and out of the address that everybody sees.
    fn welcome(&self) -> Response {
        let Guard { token, cookie } = self;
        let cookie = format!("{cookie}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_SECONDS}", token.0);
        (StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)]).into_response()
    }
}

fn unknown() -> Problem {
    let sentence = "the console opens with its token: open the address that `waybilld console` prints. \
        打开 `waybilld console` 显示的地址。";
    Problem::new(Kind::NoToken, sentence)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether that host, with or without a port, is a name that only this PC can have.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

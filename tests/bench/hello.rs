//! `hello`, the measure of speed: a bare handler that answers with the bytes of a file, without looking at the request.
//!
//! Arguments: a port, and a file with a response as JSON: `{"headers": [[name, value], …], "body": "…"}`.

use std::sync::Arc;

use poem::{
    EndpointExt, Response, Route, Server, get, handler,
    http::{HeaderMap, HeaderName, HeaderValue},
    listener::TcpListener,
    web::Data,
};
use serde_json::{Map, Value};

struct Answer {
    headers: HeaderMap,
    body: String,
}

#[handler]
fn hello(Data(answer): Data<&Arc<Answer>>) -> Response {
    let mut response = Response::builder().body(answer.body.clone());
    *response.headers_mut() = answer.headers.clone();
    response
}

type Headers = Vec<(String, String)>;

fn read(path: &str) -> anyhow::Result<Answer> {
    let mut file: Map<String, Value> = serde_json::from_slice(&std::fs::read(path)?)?;
    let mut take = |name| file.remove(name).unwrap_or_default();
    let headers: Headers = serde_json::from_value(take("headers"))?;
    let header = |(name, value)| anyhow::Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?));
    let headers = headers.into_iter().map(header).collect::<Result<_, _>>()?;
    Ok(Answer { headers, body: serde_json::from_value(take("body"))? })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(path)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: hello PORT RESPONSE.json")
    };
    let route = Route::new().at("/api/auth/me", get(hello)).data(Arc::new(read(&path)?));
    Ok(Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(route).await?)
}

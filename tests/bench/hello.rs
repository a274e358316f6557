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
use serde_json::Value;

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

fn read(path: &str) -> Answer {
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let header = |pair: &Value| {
        let text = |index: usize| pair.get(index).and_then(Value::as_str).unwrap().to_owned();
        (HeaderName::try_from(text(0)).unwrap(), HeaderValue::try_from(text(1)).unwrap())
    };
    Answer {
        headers: file["headers"].as_array().unwrap().iter().map(header).collect(),
        body: file["body"].as_str().unwrap().to_owned(),
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, port, path] = arguments.as_slice() else { panic!("usage: hello PORT RESPONSE.json") };
    let route = Route::new().at("/api/auth/me", get(hello)).data(Arc::new(read(path)));
    Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(route).await.unwrap();
}

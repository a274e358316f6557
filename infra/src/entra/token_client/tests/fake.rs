//! A token endpoint, and a machine's metadata service, with answers in a row, that tells what it was asked.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::{Url, form_urlencoded};

#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: String,
    delay: Duration,
}

impl Answer {
    pub(crate) fn new(status: u16, media_type: &str, body: &str) -> Self {
        let headers = format!("content-type: {media_type}\r\n");
        Self { status, headers, body: body.to_owned(), delay: Duration::ZERO }
    }

    pub(crate) fn token(token: &str) -> Self {
        let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "s" });
        Self::new(200, "application/json", &body.to_string())
    }

    pub(crate) fn refusal(error: &str, code: u32) -> Self {
        let body = json!({ "error": error, "error_codes": [code] });
        Self::new(400, "application/json", &body.to_string())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        write!(self.headers, "{name}: {value}\r\n").unwrap();
        self
    }

    pub(crate) fn late(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// What was sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub path: String,
    pub head: String,
    pub form: HashMap<String, String>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub url: Url,
    /// The last one is given again and again.
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let fake = Self { url, answers, asked: Arc::default() };
        let serving = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        fake
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        let form = form_urlencoded::parse(&body).into_owned().collect();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        self.asked.lock().unwrap().push(Asked { path, head, form });
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers.front().unwrap().clone() }
        };
        tokio::time::sleep(answer.delay).await;
        let Answer { status, headers, body, .. } = answer;
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let _ = stream.write_all(text.as_bytes()).await;
    }
}

//! The bytes of files: Graph answers with a redirect to an address that needs no credential, and they come from there.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::OnBehalfOf,
    delegation::Resource,
    graph::GraphError,
    sharepoint::{ByteRange, Content, ContentBody, DriveId, ItemId},
};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION},
};

use super::{
    address::download,
    client::{Call, GraphClient, text, transport_error},
    lanes::DownloadPlace,
};

impl GraphClient {
    pub(super) async fn content(response: Response, place: DownloadPlace, idle: Duration) -> Content {
    let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
    let range = text(response.headers(), CONTENT_RANGE).filter(|_| is_part).map(str::to_owned);
    Content {
        content_type: text(response.headers(), CONTENT_TYPE).map(str::to_owned),
        length: response.content_length(),
        range,
        body: Box::new(Download { response, idle, _place: place }),
    }
}

/// A response whose pieces are asked for one by one. Who stops asking stops the sender.
struct Download {
    response: Response,
    /// How long one piece may take.
    idle: Duration,
    _place: DownloadPlace,
}

#[async_trait]
impl ContentBody for Download {
    async fn next(&mut self) -> Result<Option<Bytes>, GraphError> {
        match tokio::time::timeout(self.idle, self.response.chunk()).await {
            Ok(piece) => piece.map_err(transport_error),
            Err(_) => Err(GraphError::TimedOut),
        }
    }
}

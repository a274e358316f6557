//! The bytes of files: Graph answers with a redirect to an address that needs no credential, and they come from there.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    access::OnBehalfOf,
    delegation::Resource,
    graph::GraphError,
    sharepoint::{ByteRange, Content, ContentBody, DriveId, ItemId, PartPlace},
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
    pub(super) async fn content(
        &self,
        caller: &OnBehalfOf,
        drive: &DriveId,
        item: &ItemId,
        range: Option<ByteRange>,
    ) -> Result<Content, GraphError> {
        let segments = ["drives", drive.as_str(), "items", item.as_str(), "content"];
        let call = Call {
            name: "content",
            caller,
            resource: &Resource::Graph,
            url: self.root.at(&segments, &[])?,
            accept: "*/*",
            body: None,
        };
        let answer = self.send(&call).await?.response;
        if !answer.status().is_redirection() {
            return Err(GraphError::Unusable("no redirect to the bytes of a file"));
        }
        let location = text(answer.headers(), LOCATION).unwrap_or_default();
        let url = download(location, &call.url)
            .map_err(|_| GraphError::Unusable("a redirect to a place where no file can be"))?;
        let header = range.map(ByteRange::header);
        let (response, place) = self.download(caller, url, header.as_deref()).await?;
        content(response, range, place, self.timeout)
    }
}

fn content(
    response: Response,
    asked: Option<ByteRange>,
    place: DownloadPlace,
    idle: Duration,
) -> Result<Content, GraphError> {
    let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
    let length = response.content_length();
    let range = if is_part {
        // A part that is taken for the whole, or for another part, makes a file that is none.
        let part = text(response.headers(), CONTENT_RANGE).and_then(PartPlace::parse);
        let part = part.filter(|part| asked.is_some_and(|asked| part.answers(asked)));
        let part = part.filter(|part| length.is_none_or(|length| length == part.length()));
        Some(part.ok_or(GraphError::Unusable("a part of a file that was not asked for"))?)
    } else {
        None
    };
    Ok(Content {
        content_type: text(response.headers(), CONTENT_TYPE).map(str::to_owned),
        length,
        range,
        body: Box::new(Download { response, idle, _place: place }),
    })
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

//! `Idempotency-Key`: an operation that makes something may be sent again and makes it once.
//!
//! An operation takes part by one argument, [`IdempotencyHeader`], *before* its body: the body's bytes are part of
//! what the key stands for. It cannot answer [`super::Created`] without what a key was claimed for.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use domain::idempotency::{IdempotencyError, IdempotencyKey};
use poem::{Body, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchema, MetaSchemaRef},
};

use crate::{
    edge::MAX_BODY_BYTES,
    error::{ApiError, ErrorCode},
};

/// The header of a request.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The header of a response that an earlier request's thing is shown in.
pub(crate) const IDEMPOTENCY_REPLAYED: &str = "Idempotency-Replayed";

/// The key of a request, if it has one.
#[derive(Debug)]
pub(crate) struct IdempotencyHeader(pub Option<IdempotencyKey>);

impl<'a> ApiExtractor<'a> for IdempotencyHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(MetaSchemaRef::Inline(Box::new(MetaSchema {
            min_length: Some(1),
            max_length: Some(IdempotencyKey::MAX_LENGTH),
            pattern: Some("^[!-~]+$".to_owned()),
            ..MetaSchema::new("string")
        })))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        let mut values = request.headers().get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(ApiError::invalid_field(IDEMPOTENCY_KEY, "is there more than once").into());
        }
        let bytes = body.take()?.into_bytes_limit(MAX_BODY_BYTES).await?;
        // The same body for another resource is another request; and no path has a zero byte.
        let digest = digest(&[request.uri().path().as_bytes(), b"\0", &bytes]);
        *body = RequestBody::new(Body::from(bytes));
        let key = IdempotencyKey::new(value.to_str().unwrap_or_default(), digest);
        let key = key.map_err(|error| ApiError::invalid_field(IDEMPOTENCY_KEY, error.to_string()))?;
        Ok(Self(Some(key)))
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.finish().as_ref());
    digest
}

impl From<IdempotencyError> for ApiError {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Reused => Self::new(
                ErrorCode::IdempotencyKeyReused,
                "The idempotency key was used for a request with another body",
            ),
            IdempotencyError::Running => Self {
                retry_after: Some(Duration::from_secs(1)),
                ..Self::conflict("A request with this idempotency key is still running")
            },
            IdempotencyError::Deleted => Self {
                replayed: true,
                ..Self::new(
                    ErrorCode::NotFound,
                    "What the first request with this idempotency key made has been deleted since",
                )
            },
            IdempotencyError::Store(error) => error.into(),
        }
    }
}

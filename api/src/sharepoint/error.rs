//! What the client is told when Microsoft does not give what was asked for.

use std::time::Duration;

use domain::graph::{GraphError, GraphReport};
use serde_json::{Map, Value, json};

use crate::{
    auth::CONNECT_PATH,
    error::{ApiError, ErrorCode},
};

const REFUSED: &str = "Microsoft 365 refused";
/// What helps depends on how the caller came: with a connection of their own, or with a token of Microsoft's.
const MISSING_PERMISSION_STEP: &str = "Microsoft gave this service no token with the permission. If you signed in \
    here, open the connect address in the same browser, choose \
    your account, and agree to what is asked for; otherwise an administrator of your organization consents to the \
    permission for this application.";
/// When to look again whether a download has ended; nobody knows when one does.
const DOWNLOAD_ENDS: Duration = Duration::from_secs(2);

impl From<GraphError> for ApiError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::NotFound => Self::not_found(),
            GraphError::Denied => Self::forbidden(),
            GraphError::MissingPermission(permission) => Self {
                details: Some(json!({
                    "permission": permission, "nextStep": MISSING_PERMISSION_STEP, "connectUrl": CONNECT_PATH,
                })),
                ..Self::new(ErrorCode::Forbidden, "This service was not let do that at Microsoft 365")
            },
            GraphError::RangeNotSatisfiable { size } => {
                let message = "The file has no bytes in that range";
                let details = size.map(|size| json!({ "size": size }));
                Self { details, ..Self::new(ErrorCode::RangeNotSatisfiable, message) }
            }
            GraphError::ResyncRequired => Self::new(
                ErrorCode::ResyncRequired,
                "Too much has changed since; begin again without a cursor",
            ),
            GraphError::NotUnderstood { report } => {
                let code = report.code.unwrap_or_else(|| "badRequest".to_owned());
                Self::invalid_field("request", format!("Microsoft 365 does not understand it: {code}"))
            }
            // Our own word for it: the client is to wait, and did nothing else wrong.
            GraphError::Throttled { retry_after, report } => Self {
                message: "Microsoft 365 wants fewer requests of your organization; try again later".into(),
                details: Some(reported(&report)),
                ..Self::rate_limited(retry_after)
            },
            GraphError::TooManyDownloads => Self {
                message: "Too many downloads are under way; try again when one of them has ended".into(),
                ..Self::rate_limited(DOWNLOAD_ENDS)
            },
            GraphError::Refused { report, retry_after } => Self {
                details: Some(reported(&report)),
                retry_after,
                ..Self::new(ErrorCode::UpstreamError, REFUSED)
            },
            GraphError::TimedOut => {
                Self::new(ErrorCode::UpstreamTimeout, "Microsoft 365 did not answer in time")
            }
            GraphError::Unreachable(cause) => Self {
                cause: Some(cause),
                ..Self::new(ErrorCode::UpstreamError, "Microsoft 365 could not be reached")
            },
            GraphError::Unusable(why) => Self {
                cause: Some(why.into()),
                ..Self::new(ErrorCode::UpstreamError, "Microsoft 365 gave an answer that cannot be used")
            },
            GraphError::Delegation(error) => error.into(),
        }
    }
}

/// For `details`: what an operator needs to ask Microsoft.
fn reported(report: &GraphReport) -> Value {
    let mut details = Map::from_iter([("upstreamStatus".to_owned(), json!(report.status))]);
    let members = [("upstreamCode", &report.code), ("upstreamRequestId", &report.request_id)];
    for (name, value) in members {
        details.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
    }
    Value::Object(details)
}

#[cfg(test)]
mod tests {
    use poem::http::header;

    use super::*;

    #[test]
    fn what_helps_reads_as_one_line() {
        assert!(!MISSING_PERMISSION_STEP.contains("  "), "{MISSING_PERMISSION_STEP:?}");
        assert!(!MISSING_PERMISSION_STEP.contains('\n'), "{MISSING_PERMISSION_STEP:?}");
    }

    #[tokio::test]
    async fn each_end_has_its_status_and_what_helps() {
        let report = GraphReport {
            status: 503,
            code: Some("serviceNotAvailable".to_owned()),
            request_id: Some("id".to_owned()),
        };
        let details = json!({
            "upstreamStatus": 503, "upstreamCode": "serviceNotAvailable", "upstreamRequestId": "id",
        });
        let wait = Duration::from_millis(1500);
        for (error, status, code, wait, told) in [
            (GraphError::NotFound, 404, "NOT_FOUND", None, Value::Null),
            (GraphError::Denied, 403, "FORBIDDEN", None, Value::Null),
            (
                GraphError::MissingPermission("Sites.Read.All"),
                403,
                "FORBIDDEN",
                None,
                json!({
                    "permission": "Sites.Read.All", "nextStep": MISSING_PERMISSION_STEP,
                    "connectUrl": "/api/oauth/microsoft/start?connect=true",
                }),
            ),
            (
                GraphError::RangeNotSatisfiable { size: Some(7) },
                416,
                "RANGE_NOT_SATISFIABLE",
                None,
                json!({ "size": 7 }),
            ),
            (GraphError::ResyncRequired, 410, "RESYNC_REQUIRED", None, Value::Null),
            (
                GraphError::Throttled { retry_after: wait, report: report.clone() },
                429,
                "RATE_LIMITED",
                Some("2"),
                details.clone(),
            ),
            (
                GraphError::Refused { report: report.clone(), retry_after: Some(wait) },
                502,
                "UPSTREAM_ERROR",
                Some("2"),
                details.clone(),
            ),
            (GraphError::TooManyDownloads, 429, "RATE_LIMITED", Some("2"), Value::Null),
            (GraphError::TimedOut, 504, "UPSTREAM_TIMEOUT", None, Value::Null),
            (GraphError::Unreachable("down".into()), 502, "UPSTREAM_ERROR", None, Value::Null),
            (GraphError::Unusable("not JSON"), 502, "UPSTREAM_ERROR", None, Value::Null),
        ] {
            let response = ApiError::from(error).into_envelope("r");
            let said = response.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap());
            assert_eq!((response.status().as_u16(), said), (status, wait), "{code}");
            let body: Value = response.into_body().into_json().await.unwrap();
            assert_eq!(
                (&body["error"]["code"], &body["error"]["details"]),
                (&json!(code), &told),
                "{status}"
            );
        }
    }
}

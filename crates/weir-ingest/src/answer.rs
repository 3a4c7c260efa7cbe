//! The response, as API Gateway takes it.

use lambda_http::{
    Body,
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
};
use serde::Serialize;

use crate::problem::Problem;

/// A problem by RFC 9457. `type` is left out: it then means `about:blank`, that the title says it all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProblemBody<'a> {
    title: &'a str,
    status: u16,
    detail: String,
    request_id: &'a str,
}

pub(crate) fn accepted(request_id: &str) -> ApiGatewayV2httpResponse {
    response(StatusCode::OK, request_id, "application/json", "{\"status\":\"accepted\"}".to_owned())
}

pub(crate) fn refused(problem: &Problem, request_id: &str) -> ApiGatewayV2httpResponse {
    let status = problem.status();
    let body = ProblemBody { title: problem.title(), status: status.as_u16(), detail: problem.to_string(), request_id };
    let text = serde_json::to_string(&body).unwrap_or_else(|_| "{}".to_owned());
    let mut response = response(status, request_id, "application/problem+json", text);
    if let Some((name, value)) = problem.header() {
        response.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

fn response(
    status: StatusCode,
    request_id: &str,
    content_type: &'static str,
    body: String,
) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    // Ids come from API Gateway or Lambda; one that is no header value is only told in the body.
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status.as_u16().into();
    response.headers = headers;
    response.body = Some(Body::Text(body));
    response
}

//! HTTP/1.1, with or without TLS.

use std::{convert::Infallible, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{Shared, answers};

pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, tls.clone(), Arc::clone(&shared)));
            }
            // Out of descriptors, most likely: some come back when a connection ends.
            Err(_) => {
                connections.join_next().await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Without it small answers wait for the other side's delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let connecting = shared.connecting();
    let round_trip = shared.distance().round_trip;
    match tls {
        None => {
            shared.delays.wait(Instant::now(), round_trip).await;
            drop(connecting);
            serve(stream, shared).await;
        }
        Some(tls) => {
            shared.delays.wait(Instant::now(), round_trip * 2).await;
            let accepted = tls.accept(stream).await;
            drop(connecting);
            // Who gave up during the handshake has no connection.
            if let Ok(stream) = accepted {
                serve(stream, shared).await;
            }
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    shared.seen.change(|seen| seen.handshakes.push(Instant::now()));
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request, &shared).await) }
    });
    // A client that went away is no news: processes are killed here.
    drop(http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await);
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let is_put = request.method() == Method::PUT;
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).map(str::to_owned);
    let Ok(body) = request.into_body().collect().await else { return status(StatusCode::BAD_REQUEST) };
    let began = Instant::now();
    let distance = shared.distance();
    let mut delay = distance.round_trip;
    let response = match target {
        Some(target) => {
            shared.seen.request(target.split_once('.').map_or(target.as_str(), |(_, operation)| operation));
            if target.starts_with("DynamoDB") {
                delay += distance.table;
            }
            match answers::answer(&target, &body.to_bytes()) {
                Some(answer) => json(answer.to_string()),
                None => unknown(shared, target),
            }
        }
        // S3, which takes a body by PUT.
        None if is_put => {
            shared.seen.request("PutObject");
            let mut response = status(StatusCode::OK);
            response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"e\""));
            response
        }
        None => unknown(shared, "a request without a target".to_owned()),
    };
    shared.delays.wait(began, delay).await;
    shared.steady().await;
    shared.seen.change(|seen| seen.inside += began.elapsed());
    response
}

fn unknown(shared: &Shared, what: String) -> Response<Full<Bytes>> {
    shared.seen.change(|seen| seen.unknown.push(what));
    let mut response = json(r#"{"__type":"UnknownOperationException"}"#.to_owned());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn json(body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}

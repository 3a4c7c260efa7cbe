//! REST, for what GraphQL has not.

use serde::de::DeserializeOwned;
use shopify_webhook::ShopDomain;

use crate::{Call, Client, Error, Kind, Reply, attempt::Request};

impl Client {
    /// Reads `path`, such as `shop.json` or `orders/count.json?status=any`, below `/admin/api/{version}/`.
    ///
    /// REST is legacy: use it for what GraphQL has nothing for. Its bucket of forty calls is shared by all processes, as that
    /// of GraphQL's points is: a call waits for its turn, and one that would wait beyond its deadline is an error that says
    /// when to come back. A refusal (HTTP 429) is waited out as its Retry-After says.
    pub async fn rest_get<T: DeserializeOwned>(
        &self,
        shop: &ShopDomain,
        path: &str,
        call: &Call,
    ) -> Result<Reply<T>, Error> {
        let name = format!("GET {}", path.split('?').next().unwrap_or_default());
        let request = Request::rest(&name, format!("/admin/api/{}/{path}", shopify_schema::API_VERSION));
        self.send(shop, &request, call, |answer| {
            let data = serde_json::from_slice(answer.body).map_err(|error| {
                Kind::Malformed(format!("it is cut off or has another shape, at line {}", error.line()))
            })?;
            let (request_id, version) = (answer.request_id, answer.version);
            Ok(Reply { data, missing: Vec::new(), cost: None, request_id, version })
        })
        .await
    }
}

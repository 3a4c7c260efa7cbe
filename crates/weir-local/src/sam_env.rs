//! `target/weir/sam-env.json`: what `sam local invoke --env-vars` needs to run a function against the local stack.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::{Checkout, Deployed};

/// The file, there as long as this value is.
#[derive(Debug)]
pub struct SamEnvFile {
    path: PathBuf,
}

impl SamEnvFile {
    /// Writes the variables whose values sam can't know: it resolves a reference to a resource to that resource's
    /// logical name.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn publish(deployed: &Deployed, checkout: &Checkout) -> io::Result<Self> {
        let path = checkout.state_dir().join("sam-env.json");
        let dir = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer_pretty(&mut file, &variables(deployed))?;
        file.write_all(b"\n")?;
        file.persist(&path)?;
        Ok(Self { path })
    }
}

impl Drop for SamEnvFile {
    fn drop(&mut self) {
        // One that stays behind only names an endpoint where nothing answers any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// By function, as its logical name in the template.
fn variables(deployed: &Deployed) -> Value {
    let common = json!({ "WEIR_ENDPOINT_URL": deployed.endpoint, "WEIR_BODIES_BUCKET": deployed.bodies_bucket });
    let with = |own: Value| match (common.clone(), own) {
        (Value::Object(mut all), Value::Object(own)) => {
            all.extend(own);
            Value::Object(all)
        }
        (common, _) => common,
    };
    let mut functions = Map::new();
    for (lane, of_lane) in &deployed.lanes {
        let own = json!({
            "WEIR_QUEUE_URL": of_lane.queue_url,
            "WEIR_LEDGER_TABLE": deployed.ledger_table,
            "WEIR_FENCE_TABLE": deployed.fence_table,
            "WEIR_STATE_TABLE": deployed.state_table,
            "WEIR_CONTROLS": deployed.controls_parameter,
            "WEIR_BUS": deployed.bus_name,
            "WEIR_SHOPS_TABLE": deployed.shops_table,
            "WEIR_CACHE_TABLE": deployed.cache_table,
        });
        functions.insert(format!("{}{}Worker", lane[..1].to_uppercase(), &lane[1..]), with(own));
    }
    let queue_prefix = queue_prefix(deployed);
    let ingest = json!({ "WEIR_SECRET_PREFIX": deployed.secret_prefix, "WEIR_QUEUE_PREFIX": queue_prefix });
    functions.insert("IngestFunction".to_owned(), with(ingest));
    let monitor = json!({
        "WEIR_WEBHOOK_URL": deployed.webhook_url,
        "WEIR_SECRET_PREFIX": deployed.secret_prefix,
        "WEIR_SHOPS_TABLE": deployed.shops_table,
        "WEIR_TOKEN_KEY": deployed.token_key_id,
        "WEIR_STATE_TABLE": deployed.state_table,
        "WEIR_OPERATIONS_TABLE": deployed.operations_table,
        "WEIR_FENCE_TABLE": deployed.fence_table,
        "WEIR_LEDGER_TABLE": deployed.ledger_table,
        "WEIR_QUEUE_PREFIX": queue_prefix,
    });
    functions.insert("Monitor".to_owned(), with(monitor));
    Value::Object(functions)
}

/// What every lane's queue URL has before the lane's name.
fn queue_prefix(deployed: &Deployed) -> &str {
    let mut prefixes = deployed.lanes.iter().filter_map(|(lane, urls)| urls.queue_url.strip_suffix(lane.as_str()));
    prefixes.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::LaneUrls;

    #[test]
    fn each_function_is_told_where_its_resources_are() {
        let lane = LaneUrls { queue_url: "the-stack-urgent".into(), dlq_url: "the-dlq".into() };
        let deployed = Deployed {
            endpoint: "http://127.0.0.1:1".into(),
            region: "us-east-1".into(),
            stack_name: "s".into(),
            webhook_url: String::new(),
            client_secret: "secret".into(),
            ledger_table: "the-table".into(),
            fence_table: "the-fence".into(),
            shops_table: "the-shops".into(),
            token_key_id: "the-key".into(),
            state_table: "the-state".into(),
            cache_table: "the-cache".into(),
            operations_table: "the-operations".into(),
            controls_parameter: "/the/controls".into(),
            bus_name: "the-bus".into(),
            secret_prefix: "s/apps".into(),
            bodies_bucket: "the-bucket".into(),
            lanes: BTreeMap::from([("urgent".into(), lane)]),
            tap_queue_url: String::new(),
        };
        let all = variables(&deployed);
        assert_eq!(all["IngestFunction"]["WEIR_QUEUE_PREFIX"], "the-stack-");
        assert_eq!(all["IngestFunction"]["WEIR_ENDPOINT_URL"], "http://127.0.0.1:1");
        assert_eq!(all["UrgentWorker"]["WEIR_LEDGER_TABLE"], "the-table");
        assert_eq!(all["UrgentWorker"]["WEIR_FENCE_TABLE"], "the-fence");
        assert_eq!(all["UrgentWorker"]["WEIR_SHOPS_TABLE"], "the-shops");
        assert_eq!(all["Monitor"]["WEIR_OPERATIONS_TABLE"], "the-operations");
        assert_eq!(all["Monitor"]["WEIR_QUEUE_PREFIX"], "the-stack-");
        assert_eq!(all["UrgentWorker"]["WEIR_QUEUE_URL"], "the-stack-urgent");
        assert!(!all.to_string().contains("secret\""));
    }
}

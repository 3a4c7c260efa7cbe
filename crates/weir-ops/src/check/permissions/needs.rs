//! What each function calls: the actions of its role and what they are on.
//!
//! It repeats the template's roles on purpose: a check that read them from the deployed template would not find what that
//! template lacks. A test compares both, in both directions.

use super::super::target::{Account, CheckTarget};

/// What a role must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The function, by the template's name for it; its role has the same name with `Role` behind it. `<Lane>` stands for
    /// each lane.
    pub function: &'static str,
    /// The actions.
    pub actions: &'static [&'static str],
    /// What they are on.
    pub on: On,
}

/// What an action is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// A resource, by the template's name for it. `<Lane>` stands for the function's lane, or for each.
    Resource(&'static str),
    /// A part of it, such as an index or any object.
    Part(&'static str, &'static str),
    /// The secrets of the stack's apps.
    AppSecrets,
    /// The parameter of the controls.
    Controls,
    /// The lanes' queues in the second region.
    FallbackQueues,
    /// The bodies in the second region.
    FallbackBodies,
    /// What a parameter of the stack names.
    Parameter(&'static str),
    /// The function's log group.
    Logs,
    /// X-Ray, which has no resources.
    Traces,
}

const fn need(function: &'static str, actions: &'static [&'static str], on: On) -> Need {
    Need { function, actions, on }
}

const SHARE: &[&str] = &["dynamodb:GetItem", "dynamodb:PutItem"];
const READ_SECRET: &[&str] = &["secretsmanager:GetSecretValue"];
const STOCK: &[&str] =
    &["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];
const DRAIN: &[&str] =
    &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"];

const INGEST: &str = "Ingest";
const WORKER: &str = "<Lane>Worker";
const MONITOR: &str = "Monitor";
const ARCHIVE: &str = "Archive";
const ORDERS: &str = "Orders";
const INVENTORY: &str = "Inventory";
const NOTIFIER: &str = "Notifier";

/// What every function needs.
pub(super) const SHARED: [Need; 2] = [
    need("", &["logs:CreateLogStream", "logs:PutLogEvents"], On::Logs),
    need("", &["xray:PutTraceSegments", "xray:PutTelemetryRecords"], On::Traces),
];

/// What single functions need beside that: writing its log and its traces is allowed to each.
pub const NEEDS: [Need; 46] = [
    need(INGEST, &["sqs:SendMessage"], On::Resource("<Lane>Queue")),
    need(INGEST, &["sqs:GetQueueAttributes"], On::Resource("StandardQueue")),
    need(INGEST, READ_SECRET, On::AppSecrets),
    need(INGEST, &["s3:PutObject"], On::Part("Bodies", "/*")),
    need(INGEST, &["sqs:SendMessage"], On::FallbackQueues),
    need(INGEST, &["s3:PutObject"], On::FallbackBodies),
    need(WORKER, DRAIN, On::Resource("<Lane>Queue")),
    need(WORKER, &["sqs:SendMessage"], On::Resource("<Lane>Queue")),
    need(WORKER, &["dynamodb:UpdateItem"], On::Resource("Ledger")),
    need(WORKER, &["dynamodb:UpdateItem"], On::Resource("Fence")),
    need(WORKER, SHARE, On::Resource("State")),
    need(WORKER, &["events:PutEvents"], On::Resource("Bus")),
    need(WORKER, &["dynamodb:UpdateItem"], On::Resource("Shops")),
    need(WORKER, &["dynamodb:PutItem"], On::Resource("Cache")),
    need(WORKER, &["ssm:GetParameter"], On::Controls),
    need(WORKER, &["s3:GetObject", "s3:PutObject"], On::Part("Bodies", "/*")),
    need(WORKER, &["s3:ListBucket"], On::Resource("Bodies")),
    need(WORKER, READ_SECRET, On::Resource("ForwardSecret")),
    need(MONITOR, &["dynamodb:Scan", "dynamodb:GetItem", "dynamodb:UpdateItem"], On::Resource("Shops")),
    need(MONITOR, READ_SECRET, On::Resource("TokenKey")),
    need(MONITOR, READ_SECRET, On::AppSecrets),
    need(MONITOR, SHARE, On::Resource("State")),
    need(MONITOR, SHARE, On::Resource("Operations")),
    need(MONITOR, &["dynamodb:DeleteItem", "dynamodb:Query"], On::Resource("Operations")),
    need(MONITOR, &["dynamodb:BatchGetItem"], On::Resource("Fence")),
    need(MONITOR, &["dynamodb:GetItem"], On::Resource("Ledger")),
    need(MONITOR, &["dynamodb:Query"], On::Part("Ledger", "/index/by_unsettled")),
    need(MONITOR, &["sqs:SendMessage"], On::Resource("<Lane>Queue")),
    need(MONITOR, &["s3:PutObject"], On::Part("Bodies", "/*")),
    need(ARCHIVE, DRAIN, On::Resource("ArchiveQueue")),
    need(ARCHIVE, &["s3:PutObject"], On::Part("ArchiveBucket", "/*")),
    need(ORDERS, DRAIN, On::Resource("OrdersQueue")),
    need(ORDERS, &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], On::Resource("Orders")),
    need(ORDERS, &["events:PutEvents"], On::Resource("Bus")),
    need(ORDERS, &["s3:GetObject"], On::Part("Bodies", "/*")),
    need(ORDERS, &["s3:ListBucket"], On::Resource("Bodies")),
    need(INVENTORY, DRAIN, On::Resource("StockQueue")),
    need(INVENTORY, STOCK, On::Resource("Stock")),
    need(INVENTORY, &["dynamodb:GetItem", "dynamodb:UpdateItem"], On::Resource("Shops")),
    need(INVENTORY, READ_SECRET, On::Resource("TokenKey")),
    need(INVENTORY, READ_SECRET, On::AppSecrets),
    need(INVENTORY, SHARE, On::Resource("State")),
    need(INVENTORY, &["events:PutEvents"], On::Resource("Bus")),
    need(NOTIFIER, &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], On::Resource("AlarmQueue")),
    need(NOTIFIER, READ_SECRET, On::Parameter("SlackWebhookSecretArn")),
    need(NOTIFIER, SHARE, On::Resource("State")),
];

/// A role of the stack, and what it must allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The template's name of the role.
    pub(super) role: String,
    /// What AWS calls it.
    pub(super) role_name: String,
    pub(super) actions: &'static [&'static str],
    /// An ARN, or `*`.
    pub(super) resource: String,
}

/// Everything that the stack's roles must allow. What the stack's parameters leave out is not needed.
pub(super) fn of(target: &CheckTarget) -> Vec<Resolved> {
    let roles: Vec<(String, String)> = target
        .of_kind("AWS::IAM::Role")
        .filter_map(|(role, id)| Some((role.strip_suffix("Role")?.to_owned(), id.to_owned())))
        .collect();
    let mut all = Vec::new();
    for (function, role_name) in roles {
        let lane = function.strip_suffix("Worker");
        let is_its = |need: &&Need| match lane {
            Some(lane) => need.function.replace("<Lane>", lane) == function,
            None => need.function == function,
        };
        for need in NEEDS.iter().filter(is_its).chain(&SHARED) {
            let resources = on(target, need.on, &function, lane);
            all.extend(resources.into_iter().map(|resource| Resolved {
                role: format!("{function}Role"),
                role_name: role_name.clone(),
                actions: need.actions,
                resource,
            }));
        }
    }
    all
}

fn on(target: &CheckTarget, on: On, function: &str, lane: Option<&str>) -> Vec<String> {
    let (stack, account) = (&target.stack, &target.account);
    let parameter = |name: &str| stack.parameter(name).filter(|value| !value.is_empty());
    let named = |name: &str, part: &str| {
        let names = match (name.contains("<Lane>"), lane) {
            (true, Some(lane)) => vec![name.replace("<Lane>", lane)],
            (true, None) => LANES.map(|lane| name.replace("<Lane>", lane)).into(),
            (false, _) => vec![name.to_owned()],
        };
        let arns = names.iter().filter_map(|name| arn(target, name));
        arns.map(|arn| format!("{arn}{part}")).collect::<Vec<_>>()
    };
    match on {
        On::Resource(name) => named(name, ""),
        // IAM's simulation takes the pattern itself for a name that matches it.
        On::Part(name, part) => named(name, part),
        On::AppSecrets => named("DefaultAppSecret", ""),
        On::Controls => vec![account.arn("ssm", &format!("parameter/{}/controls", stack.name))],
        On::FallbackQueues => parameter("FallbackRegion").map_or_else(Vec::new, |region| {
            let there = Account { region: region.to_owned(), ..account.clone() };
            let queue = |lane: &str| there.arn("sqs", &format!("{}-{}", stack.name, lane.to_lowercase()));
            LANES.map(queue).into()
        }),
        On::FallbackBodies => {
            let bucket = parameter("FallbackBodiesBucket").filter(|_| parameter("FallbackRegion").is_some());
            bucket.map(|bucket| format!("arn:{}:s3:::{bucket}/*", account.partition)).into_iter().collect()
        }
        On::Parameter(name) => parameter(name).map(str::to_owned).into_iter().collect(),
        On::Logs => {
            let group = target.resource(&format!("{function}Logs"));
            group
                .map(|group| account.arn("logs", &format!("log-group:{}:log-stream:check", group.id)))
                .into_iter()
                .collect()
        }
        On::Traces if parameter("Tracing") == Some("Active") => vec!["*".to_owned()],
        On::Traces => Vec::new(),
    }
}

/// As the template spells them.
const LANES: [&str; 3] = ["Urgent", "Standard", "Bulk"];

/// The ARN of a resource, by the template's name for it.
fn arn(target: &CheckTarget, name: &str) -> Option<String> {
    let (resource, account) = (target.resource(name)?, &target.account);
    let id = &resource.id;
    match resource.kind.as_str() {
        "AWS::DynamoDB::Table" => Some(account.arn("dynamodb", &format!("table/{id}"))),
        "AWS::SQS::Queue" => Some(account.arn("sqs", id.rsplit('/').next()?)),
        "AWS::S3::Bucket" => Some(format!("arn:{}:s3:::{id}", account.partition)),
        "AWS::Events::EventBus" => Some(account.arn("events", &format!("event-bus/{id}"))),
        // `!Ref` of a secret is its ARN.
        "AWS::SecretsManager::Secret" => Some(id.clone()),
        _ => None,
    }
}
